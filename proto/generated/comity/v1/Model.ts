import type { ModelVersion as _comity_v1_ModelVersion, ModelVersion__Output as _comity_v1_ModelVersion__Output } from '../../comity/v1/ModelVersion.js';

/**
 * A named series of model versions.
 */
export interface Model {
  'model'?: (string);
  'versions'?: (_comity_v1_ModelVersion)[];
}

/**
 * A named series of model versions.
 */
export interface Model__Output {
  'model': (string);
  'versions': (_comity_v1_ModelVersion__Output)[];
}
