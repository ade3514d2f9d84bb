
export interface Cancel {
  'assignmentId'?: (string);
  'reason'?: (string);
}

export interface Cancel__Output {
  'assignmentId': (string);
  'reason': (string);
}
