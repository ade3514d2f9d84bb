
export interface StatBlobRequest {
  'assignmentId'?: (string);
  'attempt'?: (number);
  'sha256'?: (string);
}

export interface StatBlobRequest__Output {
  'assignmentId': (string);
  'attempt': (number);
  'sha256': (string);
}
