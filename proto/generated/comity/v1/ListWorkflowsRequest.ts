
export interface ListWorkflowsRequest {
  /**
   * `namespace/name`; empty: all.
   */
  'workflow'?: (string);
}

export interface ListWorkflowsRequest__Output {
  /**
   * `namespace/name`; empty: all.
   */
  'workflow': (string);
}
