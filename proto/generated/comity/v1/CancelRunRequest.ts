
export interface CancelRunRequest {
  'opId'?: (string);
  'runId'?: (string);
  'reason'?: (string);
}

export interface CancelRunRequest__Output {
  'opId': (string);
  'runId': (string);
  'reason': (string);
}
