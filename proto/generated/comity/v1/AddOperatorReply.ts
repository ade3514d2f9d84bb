import type { Operator as _comity_v1_Operator, Operator__Output as _comity_v1_Operator__Output } from '../../comity/v1/Operator.js';

export interface AddOperatorReply {
  'operator'?: (_comity_v1_Operator | null);
  /**
   * Shown once; the hub does not keep it.
   */
  'token'?: (string);
}

export interface AddOperatorReply__Output {
  'operator': (_comity_v1_Operator__Output | null);
  /**
   * Shown once; the hub does not keep it.
   */
  'token': (string);
}
