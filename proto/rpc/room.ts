/*
 * Bytes become a protobuf message without being copied: a tag and a length are written right before them. That takes buffers
 * with room before the bytes, and these are marked, for in any other buffer somebody else's bytes lie there.
 */

/** One byte of tag, at most five of length. */
const roomBytes = 6;

const roomy = new WeakSet<ArrayBufferLike>();

/** A buffer of so many bytes with room before it. What lies before a piece of it is overwritten when the piece is framed. */
export function allocateWithRoom(bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(roomBytes + bytes);
  roomy.add(whole.buffer);
  return whole.subarray(roomBytes);
}

/**
 * The message that has nothing but these bytes, in the field of this number (1 to 15). Undefined without room before them;
 * otherwise the answer shares their memory.
 */
export function frameInPlace(field: number, bytes: Uint8Array): Buffer | undefined {
  if (!roomy.has(bytes.buffer)) return undefined;
  const length = varint(bytes.length);
  const start = bytes.byteOffset - length.length - 1;
  const message = Buffer.from(bytes.buffer, start, 1 + length.length + bytes.length);
  // The wire type of a field with a length is 2.
  message[0] = (field << 3) | 2;
  message.set(length, 1);
  return message;
}

/** An unsigned number in groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  const groups: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...groups, rest];
    groups.push((rest & 0x7f) | 0x80);
  }
}
