import type { Long } from '@grpc/proto-loader';

export interface Task {
  /**
   * The JSON Pointer of the task in the workflow, for example `/do/0/train`.
   */
  'ref'?: (string);
  /**
   * `running`, `waiting`, `retrying`, `completed`, `skipped`, `failed` or `cancelled`.
   */
  'state'?: (string);
  /**
   * The function, for example `fed.train:1.0.0@default`; empty for what is no call.
   */
  'call'?: (string);
  'startedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
  'name'?: (string);
  /**
   * The keyword, for example `call`.
   */
  'kind'?: (string);
  /**
   * Attempts of the last pass.
   */
  'attempts'?: (number);
  /**
   * How often the run has come to the task.
   */
  'passes'?: (number);
  /**
   * Of the last pass; empty while there is none.
   */
  'inputJson'?: (string);
  'outputJson'?: (string);
  'errorJson'?: (string);
}

export interface Task__Output {
  /**
   * The JSON Pointer of the task in the workflow, for example `/do/0/train`.
   */
  'ref': (string);
  /**
   * `running`, `waiting`, `retrying`, `completed`, `skipped`, `failed` or `cancelled`.
   */
  'state': (string);
  /**
   * The function, for example `fed.train:1.0.0@default`; empty for what is no call.
   */
  'call': (string);
  'startedAtMs': (number);
  'endedAtMs': (number);
  'name': (string);
  /**
   * The keyword, for example `call`.
   */
  'kind': (string);
  /**
   * Attempts of the last pass.
   */
  'attempts': (number);
  /**
   * How often the run has come to the task.
   */
  'passes': (number);
  /**
   * Of the last pass; empty while there is none.
   */
  'inputJson': (string);
  'outputJson': (string);
  'errorJson': (string);
}
