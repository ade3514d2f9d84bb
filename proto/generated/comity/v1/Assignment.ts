import type { Long } from '@grpc/proto-loader';

export interface Assignment {
  'assignmentId'?: (string);
  'site'?: (string);
  'kind'?: (string);
  /**
   * `offered`, `accepted`, `delivered`, `refused`, `failed`, `vanished`, `late` or `cancelled`.
   */
  'state'?: (string);
  'attempt'?: (number);
  'samples'?: (number | string | Long);
  'metrics'?: ({[key: string]: number | string});
  /**
   * Why it was not delivered.
   */
  'reasonCode'?: (string);
  'reason'?: (string);
  'fraction'?: (number | string);
  'deliveredAtMs'?: (number | string | Long);
  'updateSha256'?: (string);
}

export interface Assignment__Output {
  'assignmentId': (string);
  'site': (string);
  'kind': (string);
  /**
   * `offered`, `accepted`, `delivered`, `refused`, `failed`, `vanished`, `late` or `cancelled`.
   */
  'state': (string);
  'attempt': (number);
  'samples': (number);
  'metrics': ({[key: string]: number});
  /**
   * Why it was not delivered.
   */
  'reasonCode': (string);
  'reason': (string);
  'fraction': (number);
  'deliveredAtMs': (number);
  'updateSha256': (string);
}
