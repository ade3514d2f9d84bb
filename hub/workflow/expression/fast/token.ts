import { notFast } from "./values.js";

/** A word of jq. A string is only announced: its parts are read by {@link Tokens.string}. */
export interface Token {
  readonly kind: "field" | "variable" | "word" | "number" | "sign" | "string" | "end";
  readonly text: string;
}

const shape =
  /(?<field>\.[A-Za-z_]\w*)|(?<variable>\$[A-Za-z_]\w*)|(?<word>[A-Za-z_]\w*)|(?<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))|(?<sign>\?\/\/|\/\/=|\/\/|[=!<>|+\-*/%]=|\.\.|[.?:;,|+\-*/%<>=[\](){}])|(?<string>")/y;

const blank = /[ \n\t]*/y;

/** Reads an expression word by word; what is no jq, or none of the simple kind, is {@link notFast}. */
export class Tokens {
  readonly #text: string;
  #at = 0;
  #next: Token | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next word, which stays the next. */
  peek(): Token {
    this.#next ??= this.#read();
    return this.#next;
  }

  take(): Token {
    const token = this.peek();
    this.#next = undefined;
    return token;
  }

  /** Takes the next word when it is this sign or keyword. */
  takes(text: string): boolean {
    const { kind, text: next } = this.peek();
    if (next !== text || (kind !== "sign" && kind !== "word")) return false;
    this.#next = undefined;
    return true;
  }

  expect(text: string): void {
    if (!this.takes(text)) throw notFast;
  }

  /** A string's parts after its opening quote: text, and what `inner` reads between `\(` and `)`. */
  string<T>(inner: () => T): readonly (string | T)[] {
    const parts: (string | T)[] = [];
    for (;;) {
      const plain = this.#match(/[^"\\]*/y);
      if (plain !== "") parts.push(plain);
      if (this.#match(/"/y) !== "") return parts;
      if (this.#match(/\\\(/y) !== "") {
        parts.push(inner());
        this.expect(")");
      } else parts.push(this.#escapes());
    }
  }

  #escapes(): string {
    const escapes = this.#match(/(?:\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})+/y);
    if (escapes === "") throw notFast;
    const text = JSON.parse(`"${escapes}"`) as string;
    if (!text.isWellFormed()) throw notFast;
    return text;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #read(): Token {
    this.#match(blank);
    if (this.#at === this.#text.length) return { kind: "end", text: "" };
    shape.lastIndex = this.#at;
    const groups = shape.exec(this.#text)?.groups;
    for (const kind of ["field", "variable", "word", "number", "sign", "string"] as const) {
      const text = groups?.[kind];
      if (text === undefined) continue;
      this.#at += text.length;
      return { kind, text };
    }
    throw notFast;
  }
}
