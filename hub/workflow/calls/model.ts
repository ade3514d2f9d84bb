/** What is asked of a service. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Follow redirects; else the first answer counts. */
  readonly redirect?: boolean;
  /** The hub's own limit where it is not given. */
  readonly maxBytes?: number;
  /** Ends the reading as soon as what came so far is enough: for streams that stay open. */
  readonly enough?: (body: string) => boolean;
}

/** What a service answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the answer comes from, after redirects. */
  readonly url: URL;
}
