import type { Run as _comity_v1_Run, Run__Output as _comity_v1_Run__Output } from '../../comity/v1/Run.js';

export interface ListRunsReply {
  'runs'?: (_comity_v1_Run)[];
}

export interface ListRunsReply__Output {
  'runs': (_comity_v1_Run__Output)[];
}
