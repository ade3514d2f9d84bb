
export interface RunEnded {
  'runId'?: (string);
}

export interface RunEnded__Output {
  'runId': (string);
}
