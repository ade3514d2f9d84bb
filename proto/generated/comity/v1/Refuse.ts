
/**
 * The site will not do it: by its own rules.
 */
export interface Refuse {
  'assignmentId'?: (string);
  'attempt'?: (number);
  'code'?: (string);
  'reason'?: (string);
}

/**
 * The site will not do it: by its own rules.
 */
export interface Refuse__Output {
  'assignmentId': (string);
  'attempt': (number);
  'code': (string);
  'reason': (string);
}
