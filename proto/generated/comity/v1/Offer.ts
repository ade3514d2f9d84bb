import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';

/**
 * One assignment for this site. Redelivered until it is accepted, refused or cancelled.
 */
export interface Offer {
  'assignmentId'?: (string);
  /**
   * Grows each time the assignment is offered anew; an answer with a lower one is late.
   */
  'attempt'?: (number);
  'runId'?: (string);
  /**
   * The name of the run, for people.
   */
  'runName'?: (string);
  'round'?: (number);
  /**
   * `train` or `evaluate`; an unknown kind is refused.
   */
  'kind'?: (string);
  /**
   * The work, as JSON; its shape belongs to the kind (proto/codec/work.ts).
   */
  'workJson'?: (string);
  /**
   * The model to begin with.
   */
  'base'?: (_comity_v1_Blob | null);
  /**
   * Time left, counted from this message.
   */
  'deadlineMs'?: (number);
}

/**
 * One assignment for this site. Redelivered until it is accepted, refused or cancelled.
 */
export interface Offer__Output {
  'assignmentId': (string);
  /**
   * Grows each time the assignment is offered anew; an answer with a lower one is late.
   */
  'attempt': (number);
  'runId': (string);
  /**
   * The name of the run, for people.
   */
  'runName': (string);
  'round': (number);
  /**
   * `train` or `evaluate`; an unknown kind is refused.
   */
  'kind': (string);
  /**
   * The work, as JSON; its shape belongs to the kind (proto/codec/work.ts).
   */
  'workJson': (string);
  /**
   * The model to begin with.
   */
  'base': (_comity_v1_Blob__Output | null);
  /**
   * Time left, counted from this message.
   */
  'deadlineMs': (number);
}
