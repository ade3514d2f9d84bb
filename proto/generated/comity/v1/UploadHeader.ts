import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';
import type { TensorSpec as _comity_v1_TensorSpec, TensorSpec__Output as _comity_v1_TensorSpec__Output } from '../../comity/v1/TensorSpec.js';
import type { Long } from '@grpc/proto-loader';

export interface UploadHeader {
  /**
   * Same id and same content: the stored receipt. Same id and other content: refused.
   */
  'opId'?: (string);
  'assignmentId'?: (string);
  'attempt'?: (number);
  /**
   * The digest of the model that the work began with.
   */
  'baseSha256'?: (string);
  /**
   * Rows that the answer stands for: trained on, or evaluated on.
   */
  'samples'?: (number | string | Long);
  /**
   * For example `loss`, `accuracy`, `seconds`; finite numbers only.
   */
  'metrics'?: ({[key: string]: number | string});
  /**
   * Not set when the answer has no tensors.
   */
  'update'?: (_comity_v1_Blob | null);
  /**
   * The update's tensors, so that a wrong one is refused before its first byte.
   */
  'tensors'?: (_comity_v1_TensorSpec)[];
  /**
   * Where the bytes that follow begin: what StatBlob answered, or 0.
   */
  'offset'?: (number | string | Long);
  /**
   * The answer's value, as JSON; empty for none.
   */
  'valueJson'?: (string);
  /**
   * The whole update, at most 64 KiB: then no chunk follows.
   */
  'inline'?: (Buffer | Uint8Array | string);
  /**
   * The answer of the site that the work's state was read after; empty for none.
   */
  'stateFrom'?: (string);
  /**
   * Sites behind the answer. 0: one.
   */
  'behind'?: (number);
  /**
   * Opaque; another one when the rows that the work read have changed.
   */
  'dataVersion'?: (string);
}

export interface UploadHeader__Output {
  /**
   * Same id and same content: the stored receipt. Same id and other content: refused.
   */
  'opId': (string);
  'assignmentId': (string);
  'attempt': (number);
  /**
   * The digest of the model that the work began with.
   */
  'baseSha256': (string);
  /**
   * Rows that the answer stands for: trained on, or evaluated on.
   */
  'samples': (number);
  /**
   * For example `loss`, `accuracy`, `seconds`; finite numbers only.
   */
  'metrics': ({[key: string]: number});
  /**
   * Not set when the answer has no tensors.
   */
  'update': (_comity_v1_Blob__Output | null);
  /**
   * The update's tensors, so that a wrong one is refused before its first byte.
   */
  'tensors': (_comity_v1_TensorSpec__Output)[];
  /**
   * Where the bytes that follow begin: what StatBlob answered, or 0.
   */
  'offset': (number);
  /**
   * The answer's value, as JSON; empty for none.
   */
  'valueJson': (string);
  /**
   * The whole update, at most 64 KiB: then no chunk follows.
   */
  'inline': (Buffer);
  /**
   * The answer of the site that the work's state was read after; empty for none.
   */
  'stateFrom': (string);
  /**
   * Sites behind the answer. 0: one.
   */
  'behind': (number);
  /**
   * Opaque; another one when the rows that the work read have changed.
   */
  'dataVersion': (string);
}
