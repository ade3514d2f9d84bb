
export interface RetryRunRequest {
  'opId'?: (string);
  'runId'?: (string);
  /**
   * A task's name or its JSON Pointer; empty: the task that failed.
   */
  'from'?: (string);
  /**
   * The definition from now on, YAML or JSON; empty: as before.
   */
  'workflowSource'?: (string);
}

export interface RetryRunRequest__Output {
  'opId': (string);
  'runId': (string);
  /**
   * A task's name or its JSON Pointer; empty: the task that failed.
   */
  'from': (string);
  /**
   * The definition from now on, YAML or JSON; empty: as before.
   */
  'workflowSource': (string);
}
