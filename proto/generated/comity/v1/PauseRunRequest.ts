
export interface PauseRunRequest {
  'opId'?: (string);
  'runId'?: (string);
  'reason'?: (string);
}

export interface PauseRunRequest__Output {
  'opId': (string);
  'runId': (string);
  'reason': (string);
}
