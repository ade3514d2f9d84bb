
export interface GetResultRequest {
  'runId'?: (string);
}

export interface GetResultRequest__Output {
  'runId': (string);
}
