import type { Task as _comity_v1_Task, Task__Output as _comity_v1_Task__Output } from '../../comity/v1/Task.js';
import type { Round as _comity_v1_Round, Round__Output as _comity_v1_Round__Output } from '../../comity/v1/Round.js';
import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from '../../comity/v1/Blob.js';
import type { Long } from '@grpc/proto-loader';

export interface Run {
  'runId'?: (string);
  'name'?: (string);
  /**
   * The digest of the workflow version.
   */
  'workflowSha256'?: (string);
  'workflowJson'?: (string);
  /**
   * `queued`, `running`, `paused`, `completed`, `failed` or `cancelled`.
   */
  'state'?: (string);
  /**
   * The operator who started it.
   */
  'startedBy'?: (string);
  'startedAtMs'?: (number | string | Long);
  /**
   * 0 while it runs.
   */
  'endedAtMs'?: (number | string | Long);
  /**
   * Set when it failed or was cancelled.
   */
  'errorCode'?: (string);
  'errorText'?: (string);
  'tasks'?: (_comity_v1_Task)[];
  'rounds'?: (_comity_v1_Round)[];
  /**
   * The last model version of the run.
   */
  'model'?: (_comity_v1_Blob | null);
  /**
   * `namespace/name:version`.
   */
  'workflow'?: (string);
  /**
   * What the workflow gave; empty while there is nothing.
   */
  'outputJson'?: (string);
  /**
   * The error that the workflow did not catch, as RFC 9457 has it; empty when there is none.
   */
  'errorJson'?: (string);
  /**
   * The run and the call that started this one, `run/effect`; empty for none.
   */
  'parent'?: (string);
  /**
   * What it was started with; empty in lists, and for a run that an older hub has started.
   */
  'inputJson'?: (string);
}

export interface Run__Output {
  'runId': (string);
  'name': (string);
  /**
   * The digest of the workflow version.
   */
  'workflowSha256': (string);
  'workflowJson': (string);
  /**
   * `queued`, `running`, `paused`, `completed`, `failed` or `cancelled`.
   */
  'state': (string);
  /**
   * The operator who started it.
   */
  'startedBy': (string);
  'startedAtMs': (number);
  /**
   * 0 while it runs.
   */
  'endedAtMs': (number);
  /**
   * Set when it failed or was cancelled.
   */
  'errorCode': (string);
  'errorText': (string);
  'tasks': (_comity_v1_Task__Output)[];
  'rounds': (_comity_v1_Round__Output)[];
  /**
   * The last model version of the run.
   */
  'model': (_comity_v1_Blob__Output | null);
  /**
   * `namespace/name:version`.
   */
  'workflow': (string);
  /**
   * What the workflow gave; empty while there is nothing.
   */
  'outputJson': (string);
  /**
   * The error that the workflow did not catch, as RFC 9457 has it; empty when there is none.
   */
  'errorJson': (string);
  /**
   * The run and the call that started this one, `run/effect`; empty for none.
   */
  'parent': (string);
  /**
   * What it was started with; empty in lists, and for a run that an older hub has started.
   */
  'inputJson': (string);
}
