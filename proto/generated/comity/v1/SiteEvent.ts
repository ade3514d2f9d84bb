
/**
 * An event of the site, for workflows that listen. The hub takes it once, however often it comes.
 */
export interface SiteEvent {
  /**
   * CloudEvents 1.0, JSON; the hub sets `source` to the site if the agent has not begun it with `//organisation/site`.
   */
  'eventJson'?: (string);
}

/**
 * An event of the site, for workflows that listen. The hub takes it once, however often it comes.
 */
export interface SiteEvent__Output {
  /**
   * CloudEvents 1.0, JSON; the hub sets `source` to the site if the agent has not begun it with `//organisation/site`.
   */
  'eventJson': (string);
}
