import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';
import type { Assignment as _comity_v1_Assignment, Assignment__Output as _comity_v1_Assignment__Output } from '../../comity/v1/Assignment.js';
import type { Long } from '@grpc/proto-loader';

export interface Round {
  'round'?: (number);
  /**
   * `collecting`, `aggregating`, `evaluating`, `completed` or `failed`.
   */
  'state'?: (string);
  'startedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
  'base'?: (_comity_v1_Blob | null);
  /**
   * Set when the round has been aggregated.
   */
  'model'?: (_comity_v1_Blob | null);
  /**
   * Rows that the round's updates stand for.
   */
  'samples'?: (number | string | Long);
  /**
   * Averages over the sites weighted by their samples: `loss`, `accuracy` at the sites' test shares, `train_loss`.
   */
  'metrics'?: ({[key: string]: number | string});
  'assignments'?: (_comity_v1_Assignment)[];
}

export interface Round__Output {
  'round': (number);
  /**
   * `collecting`, `aggregating`, `evaluating`, `completed` or `failed`.
   */
  'state': (string);
  'startedAtMs': (number);
  'endedAtMs': (number);
  'base': (_comity_v1_Blob__Output | null);
  /**
   * Set when the round has been aggregated.
   */
  'model': (_comity_v1_Blob__Output | null);
  /**
   * Rows that the round's updates stand for.
   */
  'samples': (number);
  /**
   * Averages over the sites weighted by their samples: `loss`, `accuracy` at the sites' test shares, `train_loss`.
   */
  'metrics': ({[key: string]: number});
  'assignments': (_comity_v1_Assignment__Output)[];
}
