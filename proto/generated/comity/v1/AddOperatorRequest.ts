
export interface AddOperatorRequest {
  'opId'?: (string);
  'name'?: (string);
  /**
   * `admin`, `coordinator`, `steward`, `auditor` or `viewer`.
   */
  'role'?: (string);
  /**
   * 0: 90 days.
   */
  'ttlDays'?: (number);
}

export interface AddOperatorRequest__Output {
  'opId': (string);
  'name': (string);
  /**
   * `admin`, `coordinator`, `steward`, `auditor` or `viewer`.
   */
  'role': (string);
  /**
   * 0: 90 days.
   */
  'ttlDays': (number);
}
