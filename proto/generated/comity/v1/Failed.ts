
/**
 * The site tried and could not.
 */
export interface Failed {
  'assignmentId'?: (string);
  'attempt'?: (number);
  'code'?: (string);
  'reason'?: (string);
  /**
   * Whether the same assignment may succeed when it is tried again.
   */
  'retryable'?: (boolean);
}

/**
 * The site tried and could not.
 */
export interface Failed__Output {
  'assignmentId': (string);
  'attempt': (number);
  'code': (string);
  'reason': (string);
  /**
   * Whether the same assignment may succeed when it is tried again.
   */
  'retryable': (boolean);
}
