
export interface GetWorkflowRequest {
  /**
   * `name`, `namespace/name` or `namespace/name:version`.
   */
  'workflow'?: (string);
}

export interface GetWorkflowRequest__Output {
  /**
   * `name`, `namespace/name` or `namespace/name:version`.
   */
  'workflow': (string);
}
