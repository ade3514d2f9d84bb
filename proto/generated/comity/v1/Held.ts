
export interface Held {
  'assignmentId'?: (string);
  'attempt'?: (number);
}

export interface Held__Output {
  'assignmentId': (string);
  'attempt': (number);
}
