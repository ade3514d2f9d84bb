
export interface ListRunsRequest {
  /**
   * Newest first; 0: 50.
   */
  'limit'?: (number);
}

export interface ListRunsRequest__Output {
  /**
   * Newest first; 0: 50.
   */
  'limit': (number);
}
