import type { Reason as _comity_v1_Reason, Reason__Output as _comity_v1_Reason__Output } from '../../comity/v1/Reason.js';

export interface ExplainRunReply {
  /**
   * One sentence.
   */
  'summary'?: (string);
  /**
   * From the workflow inwards to the task that is waited for or that failed.
   */
  'reasons'?: (_comity_v1_Reason)[];
}

export interface ExplainRunReply__Output {
  /**
   * One sentence.
   */
  'summary': (string);
  /**
   * From the workflow inwards to the task that is waited for or that failed.
   */
  'reasons': (_comity_v1_Reason__Output)[];
}
