import type { Long } from '@grpc/proto-loader';

/**
 * The hub's word that an answer is durable.
 */
export interface Receipt {
  'opId'?: (string);
  'assignmentId'?: (string);
  'attempt'?: (number);
  'sha256'?: (string);
  'samples'?: (number | string | Long);
  'acceptedAtMs'?: (number | string | Long);
}

/**
 * The hub's word that an answer is durable.
 */
export interface Receipt__Output {
  'opId': (string);
  'assignmentId': (string);
  'attempt': (number);
  'sha256': (string);
  'samples': (number);
  'acceptedAtMs': (number);
}
