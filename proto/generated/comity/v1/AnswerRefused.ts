
export interface AnswerRefused {
  'opId'?: (string);
  'assignmentId'?: (string);
  'attempt'?: (number);
  'code'?: (string);
  'reason'?: (string);
  'hint'?: (string);
  /**
   * Whether the same answer may be taken when it is sent again.
   */
  'retryable'?: (boolean);
}

export interface AnswerRefused__Output {
  'opId': (string);
  'assignmentId': (string);
  'attempt': (number);
  'code': (string);
  'reason': (string);
  'hint': (string);
  /**
   * Whether the same answer may be taken when it is sent again.
   */
  'retryable': (boolean);
}
