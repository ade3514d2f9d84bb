import { colour, isTerminal, terminalColumns } from "./output.js";
import { cut } from "./table.js";

/** Lines at the foot of the terminal that change, below lines that stay. Without a terminal only the latter are printed. */
export class LiveArea {
  readonly #live: boolean;
  readonly #write: (text: string) => void;
  #shown = 0;
  #lines: readonly string[] = [];

  constructor(live = isTerminal, write: (text: string) => void = (text) => void process.stdout.write(text)) {
    this.#live = live;
    this.#write = write;
  }

  /** Prints a line that stays. */
  keep(line: string): void {
    this.#write(this.#live ? `${this.#erase()}${line}\n${this.#draw()}` : `${line}\n`);
  }

  /** Replaces the lines that change. */
  update(lines: readonly string[]): void {
    if (!this.#live) return;
    const before = this.#erase();
    this.#lines = lines;
    this.#write(before + this.#draw());
  }

  /** Takes the changing lines away. */
  close(): void {
    this.update([]);
  }

  #erase(): string {
    const up = this.#shown === 0 ? "" : `\u001b[${this.#shown}A`;
    return `${up}\r\u001b[J`;
  }

  #draw(): string {
    this.#shown = this.#lines.length;
    return this.#lines.map((line) => `${colour.dim(cut(line, terminalColumns() - 1))}\n`).join("");
  }
}
