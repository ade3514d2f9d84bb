
export interface DryRunSite {
  'site'?: (string);
  'chosen'?: (boolean);
  'reason'?: (string);
}

export interface DryRunSite__Output {
  'site': (string);
  'chosen': (boolean);
  'reason': (string);
}
