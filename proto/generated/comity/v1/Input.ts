import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';

export interface Input {
  'name'?: (string);
  'blob'?: (_comity_v1_Blob | null);
}

export interface Input__Output {
  'name': (string);
  'blob': (_comity_v1_Blob__Output | null);
}
