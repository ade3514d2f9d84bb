import type { Long } from '@grpc/proto-loader';

export interface JoinReply {
  /**
   * Leaf first, then the issuing authority, PEM.
   */
  'certificateChain'?: (string);
  /**
   * The root that the token's pin names, PEM.
   */
  'root'?: (string);
  /**
   * host:port of the agent listener (mTLS).
   */
  'agentAddress'?: (string);
  /**
   * `organisation/site`.
   */
  'site'?: (string);
  'hubTimeMs'?: (number | string | Long);
}

export interface JoinReply__Output {
  /**
   * Leaf first, then the issuing authority, PEM.
   */
  'certificateChain': (string);
  /**
   * The root that the token's pin names, PEM.
   */
  'root': (string);
  /**
   * host:port of the agent listener (mTLS).
   */
  'agentAddress': (string);
  /**
   * `organisation/site`.
   */
  'site': (string);
  'hubTimeMs': (number);
}
