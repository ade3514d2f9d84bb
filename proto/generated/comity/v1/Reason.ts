
export interface Reason {
  /**
   * The task's JSON Pointer; empty for the run itself.
   */
  'ref'?: (string);
  'text'?: (string);
}

export interface Reason__Output {
  /**
   * The task's JSON Pointer; empty for the run itself.
   */
  'ref': (string);
  'text': (string);
}
