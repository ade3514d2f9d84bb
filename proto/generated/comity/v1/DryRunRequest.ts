
export interface DryRunRequest {
  'workflowSource'?: (string);
  'workflow'?: (string);
  'inputJson'?: (string);
}

export interface DryRunRequest__Output {
  'workflowSource': (string);
  'workflow': (string);
  'inputJson': (string);
}
