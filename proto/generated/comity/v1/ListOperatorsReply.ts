import type { Operator as _comity_v1_Operator, Operator__Output as _comity_v1_Operator__Output } from '../../comity/v1/Operator.js';

export interface ListOperatorsReply {
  'operators'?: (_comity_v1_Operator)[];
}

export interface ListOperatorsReply__Output {
  'operators': (_comity_v1_Operator__Output)[];
}
