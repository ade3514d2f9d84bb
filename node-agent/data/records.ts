import { createReadStream } from "node:fs";
import { dataFault, fileFault } from "./faults.js";

/** Bytes of one record; a file without line ends, or with a quote that never closes, is refused there. */
export const maxRecordBytes = 4 * 1024 * 1024;

const chunkBytes = 1024 * 1024;
const [lineFeed, carriageReturn, quote] = [0x0a, 0x0d, 0x22];

/** One record of a CSV file: `bytes[start, end)`, without its line end. */
export interface RawRecord {
  readonly bytes: Buffer;
  start: number;
  end: number;
  /** Where it begins in the file, from 1. */
  line: number;
  /** Whether it holds a quote anywhere, so that splitting at the delimiter is not enough. */
  quoted: boolean;
}

/** Gives the bytes of a CSV file, chunk by chunk, from its path. */
export type OpenBytes = (path: string) => AsyncIterable<Buffer>;

/** The file as it lies there. */
export const openFile: OpenBytes = (path) => createReadStream(path, { highWaterMark: chunkBytes });

/**
 * Calls back for each record of a CSV file (RFC 4180) that is not blank, in order; the record is valid during the call only.
 * Memory is bounded by {@link maxRecordBytes}. `file` is the name for messages. Throws `DATA_INVALID`.
 */
export async function readRecords(
  path: string,
  file: string,
  onRecord: (record: RawRecord) => void,
  open: OpenBytes,
): Promise<void> {
  const splitter = new RecordSplitter(file, onRecord);
  try {
    for await (const chunk of open(path)) splitter.push(chunk);
  } catch (error) {
    throw fileFault(file, error);
  }
  splitter.end();
}

class RecordSplitter {
  readonly #file: string;
  readonly #onRecord: (record: RawRecord) => void;
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  #begun = false;

  constructor(file: string, onRecord: (record: RawRecord) => void) {
    this.#file = file;
    this.#onRecord = onRecord;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#begun) bytes = this.#begin(bytes);
    let start = 0;
    let nextQuote = bytes.indexOf(quote);
    for (;;) {
      let end = bytes.indexOf(lineFeed, start);
      if (nextQuote !== -1 && nextQuote < start) nextQuote = bytes.indexOf(quote, start);
      const quoted = nextQuote !== -1 && end !== -1 && nextQuote < end;
      if (quoted) end = quotedEnd(bytes, start);
      if (end === -1) break;
      this.#emit(bytes, start, end, quoted);
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > maxRecordBytes) {
      throw dataFault(
        `${this.#file}:${this.#line}`,
        `a record has at most ${maxRecordBytes} bytes; is a quote not closed here?`,
      );
    }
  }

  end(): void {
    const rest = this.#begun ? this.#rest : this.#begin(this.#rest);
    if (rest.length === 0) return;
    const quoted = rest.includes(quote);
    if (quoted && quotedEnd(Buffer.concat([rest, Buffer.of(lineFeed)]), 0) === -1) {
      throw dataFault(`${this.#file}:${this.#line}`, "a quote opens in this record and never closes.");
    }
    this.#emit(rest, 0, rest.length, quoted);
  }

  /** Takes away the byte order mark. */
  #begin(bytes: Buffer): Buffer {
    this.#begun = true;
    const [first, second, third] = bytes;
    if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
      throw dataFault(
        `${this.#file}:1`,
        "the text must be UTF-8, and this is UTF-16.",
        "Save the file as UTF-8.",
      );
    }
    return first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes;
  }

  #emit(bytes: Buffer, start: number, lineEnd: number, quoted: boolean): void {
    const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    const line = this.#line++;
    if (quoted) for (let at = start; at < end; at++) if (bytes[at] === lineFeed) this.#line++;
    if (end > start) this.#onRecord({ bytes, start, end, line, quoted });
  }
}

/** The first line feed from `start` that is outside quotes, or -1. */
function quotedEnd(bytes: Buffer, start: number): number {
  let inside = false;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === quote) inside = !inside;
    else if (bytes[at] === lineFeed && !inside) return at;
  }
  return -1;
}
