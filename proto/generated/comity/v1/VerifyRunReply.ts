import type { Long } from '@grpc/proto-loader';

export interface VerifyRunReply {
  /**
   * Transitions that were played again.
   */
  'transitions'?: (number | string | Long);
  /**
   * Transitions that had been compacted into the state that the play began with.
   */
  'compacted'?: (number | string | Long);
  /**
   * Digest of the state that both give.
   */
  'stateSha256'?: (string);
  /**
   * Rounds of federated calls that were played again from their rows.
   */
  'rounds'?: (number | string | Long);
}

export interface VerifyRunReply__Output {
  /**
   * Transitions that were played again.
   */
  'transitions': (number);
  /**
   * Transitions that had been compacted into the state that the play began with.
   */
  'compacted': (number);
  /**
   * Digest of the state that both give.
   */
  'stateSha256': (string);
  /**
   * Rounds of federated calls that were played again from their rows.
   */
  'rounds': (number);
}
