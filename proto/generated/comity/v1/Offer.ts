import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';
import type { Input as _comity_v1_Input, Input__Output as _comity_v1_Input__Output } from '../../comity/v1/Input.js';
import type { Long } from '@grpc/proto-loader';

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
   * For example `train` or `evaluate`; an unknown kind is refused.
   */
  'kind'?: (string);
  /**
   * The work, as JSON: the body that the kind declares (proto/work), and the kind's name as `kind`.
   */
  'workJson'?: (string);
  /**
   * The input `base`: the model to begin with. Not set for work without one.
   */
  'base'?: (_comity_v1_Blob | null);
  /**
   * Time left, counted from this message.
   */
  'deadlineMs'?: (number);
  /**
   * Every input of the work by its name, `base` among them.
   */
  'inputs'?: (_comity_v1_Input)[];
  /**
   * Which part of the round it is, for example `train`.
   */
  'stage'?: (string);
  /**
   * The function that asks, for example `fed.train:1.0.0@default`, and what it does, in one sentence.
   */
  'function'?: (string);
  'purpose'?: (string);
  /**
   * Who has started the run.
   */
  'requester'?: (string);
  /**
   * Sites that are asked.
   */
  'asked'?: (number);
  /**
   * Sites that must be behind whatever is let out of the answers. 0: not told.
   */
  'minSites'?: (number);
  /**
   * `together`: single answers are never shown. `each`: whoever may see the result may see them. `participants`: bytes go to other sites.
   */
  'release'?: (string);
  /**
   * What the site's state for this work is kept under, and the assignment whose answer it counts from; empty for none.
   */
  'stateKey'?: (string);
  'stateFrom'?: (string);
  /**
   * Seeds what the work draws. 0: the same as `round`.
   */
  'draw'?: (number | string | Long);
  /**
   * What the body has besides for this site alone, as a JSON object; empty for nothing.
   */
  'partJson'?: (string);
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
   * For example `train` or `evaluate`; an unknown kind is refused.
   */
  'kind': (string);
  /**
   * The work, as JSON: the body that the kind declares (proto/work), and the kind's name as `kind`.
   */
  'workJson': (string);
  /**
   * The input `base`: the model to begin with. Not set for work without one.
   */
  'base': (_comity_v1_Blob__Output | null);
  /**
   * Time left, counted from this message.
   */
  'deadlineMs': (number);
  /**
   * Every input of the work by its name, `base` among them.
   */
  'inputs': (_comity_v1_Input__Output)[];
  /**
   * Which part of the round it is, for example `train`.
   */
  'stage': (string);
  /**
   * The function that asks, for example `fed.train:1.0.0@default`, and what it does, in one sentence.
   */
  'function': (string);
  'purpose': (string);
  /**
   * Who has started the run.
   */
  'requester': (string);
  /**
   * Sites that are asked.
   */
  'asked': (number);
  /**
   * Sites that must be behind whatever is let out of the answers. 0: not told.
   */
  'minSites': (number);
  /**
   * `together`: single answers are never shown. `each`: whoever may see the result may see them. `participants`: bytes go to other sites.
   */
  'release': (string);
  /**
   * What the site's state for this work is kept under, and the assignment whose answer it counts from; empty for none.
   */
  'stateKey': (string);
  'stateFrom': (string);
  /**
   * Seeds what the work draws. 0: the same as `round`.
   */
  'draw': (number);
  /**
   * What the body has besides for this site alone, as a JSON object; empty for nothing.
   */
  'partJson': (string);
}
