import type { Long } from '@grpc/proto-loader';

export interface RoundResult {
  'round'?: (number);
  'sites'?: (number);
  'samples'?: (number | string | Long);
  'metrics'?: ({[key: string]: number | string});
  'startedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
}

export interface RoundResult__Output {
  'round': (number);
  'sites': (number);
  'samples': (number);
  'metrics': ({[key: string]: number});
  'startedAtMs': (number);
  'endedAtMs': (number);
}
