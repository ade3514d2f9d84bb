import { AggregationError } from "../errors.js";

/**
 * Reads the few JSON forms of a safetensors header. `JSON.parse` will not do: it takes the last of two equal keys in
 * silence, and moves keys that look like numbers to the front, so that the order of the tensors is lost.
 */
export class HeaderScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Calls back for each key of an object; the callback must read the value. */
  object(onKey: (key: string) => void): void {
    this.#expect("{");
    if (this.#accept("}")) return;
    do {
      const key = this.string();
      this.#expect(":");
      onKey(key);
    } while (this.#accept(","));
    this.#expect("}");
  }

  /** An array of whole numbers from 0, at most `maxLength` of them. */
  integers(maxLength: number): number[] {
    const values: number[] = [];
    this.#expect("[");
    if (this.#accept("]")) return values;
    do {
      if (values.length === maxLength) this.fail(`an array of at most ${maxLength} numbers`);
      values.push(this.#integer());
    } while (this.#accept(","));
    this.#expect("]");
    return values;
  }

  string(): string {
    this.#expect('"');
    const start = this.#at - 1;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++);
      if (Number.isNaN(code)) this.fail("the end of a string");
      if (code === 0x22) break;
      if (code === 0x5c) this.#at++;
    }
    let value: unknown;
    try {
      value = JSON.parse(this.#text.slice(start, this.#at));
    } catch {
      this.fail("a JSON string");
    }
    return typeof value === "string" && value.isWellFormed() ? value : this.fail("well-formed text");
  }

  /** Only padding may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.fail("the end of the header");
  }

  fail(expected: string): never {
    throw new AggregationError(
      "UPDATE_MALFORMED",
      `The safetensors header is malformed at character ${this.#at}: expected ${expected}.`,
    );
  }

  #integer(): number {
    this.#skipSpace();
    const digits = /^(?:0|[1-9]\d{0,15})(?![\d.eE])/.exec(this.#text.slice(this.#at, this.#at + 17))?.[0];
    const value = Number(digits);
    if (digits === undefined || !Number.isSafeInteger(value)) return this.fail("a whole number");
    this.#at += digits.length;
    return value;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.fail(JSON.stringify(character));
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return;
      this.#at++;
    }
  }
}
