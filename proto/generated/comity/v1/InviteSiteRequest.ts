
export interface InviteSiteRequest {
  'opId'?: (string);
  /**
   * `organisation/site`.
   */
  'site'?: (string);
  'labels'?: ({[key: string]: string});
  /**
   * 0: one hour. At most 24 hours.
   */
  'ttlSeconds'?: (number);
}

export interface InviteSiteRequest__Output {
  'opId': (string);
  /**
   * `organisation/site`.
   */
  'site': (string);
  'labels': ({[key: string]: string});
  /**
   * 0: one hour. At most 24 hours.
   */
  'ttlSeconds': (number);
}
