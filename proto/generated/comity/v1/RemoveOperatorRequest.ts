
export interface RemoveOperatorRequest {
  'opId'?: (string);
  'name'?: (string);
}

export interface RemoveOperatorRequest__Output {
  'opId': (string);
  'name': (string);
}
