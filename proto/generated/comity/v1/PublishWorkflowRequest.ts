
export interface PublishWorkflowRequest {
  'opId'?: (string);
  /**
   * YAML or JSON.
   */
  'source'?: (string);
}

export interface PublishWorkflowRequest__Output {
  'opId': (string);
  /**
   * YAML or JSON.
   */
  'source': (string);
}
