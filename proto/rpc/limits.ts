/** Limits of the wire that both sides know. Sizes in bytes, times in milliseconds. */
export const wire = {
  /** A piece of a blob on a byte stream. */
  chunkBytes: 256 * 1024,
  /** Pieces that have arrived before their reader asks for them. The windows below bound what else waits. */
  chunksAhead: 2,
  /** What a hub takes in one message: a workflow of 1 MiB and its envelope. Everything larger travels in chunks. */
  maxRequestBytes: (1 << 20) + 64 * 1024,
  /** What a hub sends, and a client takes, in one message: a long run with many sites. */
  maxReplyBytes: 16 << 20,
  /** Names and values of a call's metadata together. */
  maxMetadataBytes: 8 * 1024,
  /** The sentence of an error. Much longer ones never arrive: they do not fit a header block. */
  maxSentenceBytes: 1024,
  /** How often, and how long, a silent connection is probed. */
  keepAliveMs: 20_000,
  keepAliveTimeoutMs: 10_000,
} as const;

/**
 * HTTP/2 receive windows in bytes. The default of 64 KiB gives 0.8 MiB/s at 50 ms round trip.
 * The hub's bound what it buffers for one upload and for one connection; a client has one hub only, so it can afford more.
 */
export const windows = {
  hubStreamBytes: 2 << 20,
  hubConnectionBytes: 4 << 20,
  clientBytes: 4 << 20,
} as const;
