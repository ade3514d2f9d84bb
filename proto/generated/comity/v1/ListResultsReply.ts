import type { Result as _comity_v1_Result, Result__Output as _comity_v1_Result__Output } from '../../comity/v1/Result.js';

export interface ListResultsReply {
  'results'?: (_comity_v1_Result)[];
}

export interface ListResultsReply__Output {
  'results': (_comity_v1_Result__Output)[];
}
