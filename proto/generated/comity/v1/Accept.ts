
export interface Accept {
  'assignmentId'?: (string);
  'attempt'?: (number);
}

export interface Accept__Output {
  'assignmentId': (string);
  'attempt': (number);
}
