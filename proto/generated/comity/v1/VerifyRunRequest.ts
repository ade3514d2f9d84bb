
export interface VerifyRunRequest {
  'runId'?: (string);
}

export interface VerifyRunRequest__Output {
  'runId': (string);
}
