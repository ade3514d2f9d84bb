import type { Long } from '@grpc/proto-loader';

export interface Task {
  /**
   * The JSON Pointer of the task in the workflow, for example `/do/0/train`.
   */
  'ref'?: (string);
  'state'?: (string);
  /**
   * The function, for example `fed.train:1.0.0@default`.
   */
  'call'?: (string);
  'startedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
}

export interface Task__Output {
  /**
   * The JSON Pointer of the task in the workflow, for example `/do/0/train`.
   */
  'ref': (string);
  'state': (string);
  /**
   * The function, for example `fed.train:1.0.0@default`.
   */
  'call': (string);
  'startedAtMs': (number);
  'endedAtMs': (number);
}
