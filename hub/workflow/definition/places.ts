import type { LineCounter, Node } from "yaml";
import { isMap, isScalar, isSeq } from "yaml";
import { pointerKeys } from "#kernel/json-pointer.js";
import type { Place } from "./finding.js";

/** Where every key and value of a document stands, found by JSON Pointer. */
export class Places {
  readonly #lines: LineCounter;
  readonly #root: Node | null;

  constructor(root: Node | null, lines: LineCounter) {
    this.#root = root;
    this.#lines = lines;
  }

  /** The value's place, or its key's; for a pointer that leads nowhere the place of the nearest thing around it. */
  find(pointer: string, on: "key" | "value" = "value"): Place {
    let node = this.#root;
    let offset = node?.range?.[0] ?? 0;
    for (const part of pointerKeys(pointer)) {
      let next: Node | null = null;
      if (isMap<Node, Node>(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
        if (pair === undefined) break;
        next = pair.value;
        const place = on === "key" || next === null || isEmpty(next) ? pair.key : next;
        offset = place.range?.[0] ?? offset;
      } else if (isSeq<Node>(node)) {
        next = node.items[Number(part)] ?? null;
        if (next === null) break;
        offset = next.range?.[0] ?? offset;
      }
      node = next;
    }
    return this.at(offset);
  }

  /** The line and column of an offset in the text. */
  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** A value that nobody wrote: `key:` and nothing behind it. */
const isEmpty = (node: Node): boolean => isScalar(node) && node.source === "";
