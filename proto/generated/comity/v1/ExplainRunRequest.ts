
export interface ExplainRunRequest {
  'runId'?: (string);
}

export interface ExplainRunRequest__Output {
  'runId': (string);
}
