
export interface SiteEventReceipt {
  /**
   * The event's `id`.
   */
  'eventId'?: (string);
  /**
   * Empty when it was taken; else why it never will be.
   */
  'errorCode'?: (string);
  'errorText'?: (string);
}

export interface SiteEventReceipt__Output {
  /**
   * The event's `id`.
   */
  'eventId': (string);
  /**
   * Empty when it was taken; else why it never will be.
   */
  'errorCode': (string);
  'errorText': (string);
}
