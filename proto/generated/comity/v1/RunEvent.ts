import type { Long } from '@grpc/proto-loader';

/**
 * One fact about a run, in the order in which it became durable. `seq` starts at 1 and has no gaps.
 */
export interface RunEvent {
  'runId'?: (string);
  'seq'?: (number | string | Long);
  'atMs'?: (number | string | Long);
  /**
   * For example `run.started`, `round.started`, `assignment.delivered`, `round.aggregated`, `run.completed`.
   */
  'type'?: (string);
  /**
   * 0 when the event belongs to no round.
   */
  'round'?: (number);
  /**
   * `organisation/site`, or empty.
   */
  'site'?: (string);
  /**
   * One sentence for people.
   */
  'text'?: (string);
  /**
   * The event's own fields, as JSON.
   */
  'dataJson'?: (string);
}

/**
 * One fact about a run, in the order in which it became durable. `seq` starts at 1 and has no gaps.
 */
export interface RunEvent__Output {
  'runId': (string);
  'seq': (number);
  'atMs': (number);
  /**
   * For example `run.started`, `round.started`, `assignment.delivered`, `round.aggregated`, `run.completed`.
   */
  'type': (string);
  /**
   * 0 when the event belongs to no round.
   */
  'round': (number);
  /**
   * `organisation/site`, or empty.
   */
  'site': (string);
  /**
   * One sentence for people.
   */
  'text': (string);
  /**
   * The event's own fields, as JSON.
   */
  'dataJson': (string);
}
