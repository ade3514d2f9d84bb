import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  /**
   * Counts up from 1 in each direction.
   */
  'seq'?: (number | string | Long);
}

export interface Heartbeat__Output {
  /**
   * Counts up from 1 in each direction.
   */
  'seq': (number);
}
