
export interface RevokeSiteRequest {
  'opId'?: (string);
  'site'?: (string);
  'reason'?: (string);
}

export interface RevokeSiteRequest__Output {
  'opId': (string);
  'site': (string);
  'reason': (string);
}
