import type { WorkflowVersion as _comity_v1_WorkflowVersion, WorkflowVersion__Output as _comity_v1_WorkflowVersion__Output } from '../../comity/v1/WorkflowVersion.js';

export interface ListWorkflowsReply {
  'versions'?: (_comity_v1_WorkflowVersion)[];
}

export interface ListWorkflowsReply__Output {
  'versions': (_comity_v1_WorkflowVersion__Output)[];
}
