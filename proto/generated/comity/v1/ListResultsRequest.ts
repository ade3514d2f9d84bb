
export interface ListResultsRequest {
  /**
   * Newest first; 0: 50.
   */
  'limit'?: (number);
}

export interface ListResultsRequest__Output {
  /**
   * Newest first; 0: 50.
   */
  'limit': (number);
}
