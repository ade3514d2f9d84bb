
export interface Progress {
  'assignmentId'?: (string);
  'attempt'?: (number);
  /**
   * 0 to 1.
   */
  'fraction'?: (number | string);
  /**
   * For example `epoch 2 of 5`.
   */
  'text'?: (string);
}

export interface Progress__Output {
  'assignmentId': (string);
  'attempt': (number);
  /**
   * 0 to 1.
   */
  'fraction': (number);
  /**
   * For example `epoch 2 of 5`.
   */
  'text': (string);
}
