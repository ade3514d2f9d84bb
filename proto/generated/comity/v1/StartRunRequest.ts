
export interface StartRunRequest {
  'opId'?: (string);
  /**
   * The workflow itself, in the Open Workflow DSL, YAML or JSON. Either this or `workflow`.
   */
  'workflowSource'?: (string);
  /**
   * For people; empty takes the workflow's name.
   */
  'name'?: (string);
  /**
   * A published workflow: `name`, `namespace/name` or `namespace/name:version`; the newest version unless one is given.
   */
  'workflow'?: (string);
  /**
   * Any JSON value; empty is `{}`.
   */
  'inputJson'?: (string);
  /**
   * The caller's own name for this start: the same start with it again gives the run of the first, one of another workflow or
   * with another input is refused.
   */
  'key'?: (string);
}

export interface StartRunRequest__Output {
  'opId': (string);
  /**
   * The workflow itself, in the Open Workflow DSL, YAML or JSON. Either this or `workflow`.
   */
  'workflowSource': (string);
  /**
   * For people; empty takes the workflow's name.
   */
  'name': (string);
  /**
   * A published workflow: `name`, `namespace/name` or `namespace/name:version`; the newest version unless one is given.
   */
  'workflow': (string);
  /**
   * Any JSON value; empty is `{}`.
   */
  'inputJson': (string);
  /**
   * The caller's own name for this start: the same start with it again gives the run of the first, one of another workflow or
   * with another input is refused.
   */
  'key': (string);
}
