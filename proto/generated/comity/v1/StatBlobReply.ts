import type { Long } from '@grpc/proto-loader';

export interface StatBlobReply {
  /**
   * Bytes stored so far.
   */
  'offset'?: (number | string | Long);
}

export interface StatBlobReply__Output {
  /**
   * Bytes stored so far.
   */
  'offset': (number);
}
