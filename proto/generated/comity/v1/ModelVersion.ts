import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';
import type { Long } from '@grpc/proto-loader';

export interface ModelVersion {
  'version'?: (number);
  'blob'?: (_comity_v1_Blob | null);
  'runId'?: (string);
  /**
   * 0: the initial model.
   */
  'round'?: (number);
  /**
   * The version that it was made from; 0 for none.
   */
  'parent'?: (number);
  'createdAtMs'?: (number | string | Long);
  'metrics'?: ({[key: string]: number | string});
  /**
   * The model's layers, as Keras JSON.
   */
  'layersJson'?: (string);
  /**
   * Sites whose updates are in it.
   */
  'sites'?: (number);
}

export interface ModelVersion__Output {
  'version': (number);
  'blob': (_comity_v1_Blob__Output | null);
  'runId': (string);
  /**
   * 0: the initial model.
   */
  'round': (number);
  /**
   * The version that it was made from; 0 for none.
   */
  'parent': (number);
  'createdAtMs': (number);
  'metrics': ({[key: string]: number});
  /**
   * The model's layers, as Keras JSON.
   */
  'layersJson': (string);
  /**
   * Sites whose updates are in it.
   */
  'sites': (number);
}
