
export interface ResumeRunRequest {
  'opId'?: (string);
  'runId'?: (string);
}

export interface ResumeRunRequest__Output {
  'opId': (string);
  'runId': (string);
}
