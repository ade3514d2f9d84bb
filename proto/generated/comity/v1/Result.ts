import type { RoundResult as _comity_v1_RoundResult, RoundResult__Output as _comity_v1_RoundResult__Output } from '../../comity/v1/RoundResult.js';
import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';

export interface Result {
  'runId'?: (string);
  'runName'?: (string);
  'state'?: (string);
  /**
   * Averages over the sites of the last evaluated round, weighted by samples.
   */
  'metrics'?: ({[key: string]: number | string});
  'rounds'?: (_comity_v1_RoundResult)[];
  'model'?: (string);
  'modelVersion'?: (number);
  'blob'?: (_comity_v1_Blob | null);
  'errorCode'?: (string);
  'errorText'?: (string);
}

export interface Result__Output {
  'runId': (string);
  'runName': (string);
  'state': (string);
  /**
   * Averages over the sites of the last evaluated round, weighted by samples.
   */
  'metrics': ({[key: string]: number});
  'rounds': (_comity_v1_RoundResult__Output)[];
  'model': (string);
  'modelVersion': (number);
  'blob': (_comity_v1_Blob__Output | null);
  'errorCode': (string);
  'errorText': (string);
}
