import type { DryRunStep as _comity_v1_DryRunStep, DryRunStep__Output as _comity_v1_DryRunStep__Output } from '../../comity/v1/DryRunStep.js';

export interface DryRunReply {
  'steps'?: (_comity_v1_DryRunStep)[];
}

export interface DryRunReply__Output {
  'steps': (_comity_v1_DryRunStep__Output)[];
}
