import type { Model as _comity_v1_Model, Model__Output as _comity_v1_Model__Output } from '../../comity/v1/Model.js';

export interface ListModelsReply {
  'models'?: (_comity_v1_Model)[];
}

export interface ListModelsReply__Output {
  'models': (_comity_v1_Model__Output)[];
}
