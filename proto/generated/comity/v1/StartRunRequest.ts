
export interface StartRunRequest {
  'opId'?: (string);
  /**
   * The workflow, in the Open Workflow DSL, as JSON. This version takes one step: a call of `fed.train:1.0.0@default`.
   */
  'workflowJson'?: (string);
  /**
   * For people; empty takes the workflow's name.
   */
  'name'?: (string);
}

export interface StartRunRequest__Output {
  'opId': (string);
  /**
   * The workflow, in the Open Workflow DSL, as JSON. This version takes one step: a call of `fed.train:1.0.0@default`.
   */
  'workflowJson': (string);
  /**
   * For people; empty takes the workflow's name.
   */
  'name': (string);
}
