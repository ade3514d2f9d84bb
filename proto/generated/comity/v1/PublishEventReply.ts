
export interface PublishEventReply {
  'eventId'?: (string);
  /**
   * How many runs have taken it.
   */
  'runs'?: (number);
  /**
   * Runs that it has started.
   */
  'started'?: (string)[];
}

export interface PublishEventReply__Output {
  'eventId': (string);
  /**
   * How many runs have taken it.
   */
  'runs': (number);
  /**
   * Runs that it has started.
   */
  'started': (string)[];
}
