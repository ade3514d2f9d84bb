
export interface PublishEventRequest {
  'opId'?: (string);
  /**
   * CloudEvents 1.0, JSON.
   */
  'eventJson'?: (string);
}

export interface PublishEventRequest__Output {
  'opId': (string);
  /**
   * CloudEvents 1.0, JSON.
   */
  'eventJson': (string);
}
