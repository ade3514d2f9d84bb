
/**
 * A piece of a blob, at most 256 KiB.
 */
export interface Chunk {
  'data'?: (Buffer | Uint8Array | string);
}

/**
 * A piece of a blob, at most 256 KiB.
 */
export interface Chunk__Output {
  'data': (Buffer);
}
