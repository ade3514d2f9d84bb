import type { Json } from "#kernel/json.js";
import type { Node } from "./nodes.js";
import * as nodes from "./nodes.js";
import { textOf } from "./text.js";
import { type Token, Tokens } from "./token.js";
import { isTrue, lengthOf, notFast, number } from "./values.js";

/** So that a long expression costs neither stack nor time: longer ones are for jq. */
const maxNodes = 200;

const constants: Readonly<Record<string, Json>> = { null: null, true: true, false: false };

const functions: Readonly<Record<string, Node>> = {
  length: nodes.applied(lengthOf),
  not: nodes.applied((value) => !isTrue(value)),
  tostring: nodes.applied(textOf),
};

/** A simple expression that can be evaluated at once, and the variables that it names. */
export interface FastExpression {
  readonly node: Node;
  readonly names: ReadonlySet<string>;
}

/**
 * Reads the simple part of jq: paths, literals, comparisons, logic, `//`, arithmetic, pipes, strings with `\( )`, lists, objects,
 * `if`, and the functions above. The precedences are those of jq 1.8's grammar. Throws {@link notFast} for all else.
 */
export function parseFast(text: string): FastExpression {
  const parser = new Parser(text);
  return { node: parser.all(), names: parser.names };
}

class Parser {
  readonly names = new Set<string>();
  readonly #tokens: Tokens;
  #nodes = 0;

  constructor(text: string) {
    this.#tokens = new Tokens(text);
  }

  all(): Node {
    const node = this.#pipe();
    if (this.#tokens.peek().kind !== "end") throw notFast;
    return node;
  }

  #pipe(): Node {
    return this.#piped(this.#alternative());
  }

  #piped(first: Node): Node {
    return this.#tokens.takes("|") ? nodes.piped(first, this.#pipe()) : first;
  }

  #alternative(): Node {
    const first = this.#or();
    return this.#tokens.takes("//") ? nodes.alternative(first, this.#alternative()) : first;
  }

  #or(): Node {
    let node = this.#and();
    while (this.#tokens.takes("or")) node = nodes.logical(node, this.#and(), true);
    return node;
  }

  #and(): Node {
    let node = this.#comparison();
    while (this.#tokens.takes("and")) node = nodes.logical(node, this.#comparison(), false);
    return node;
  }

  #comparison(): Node {
    const left = this.#sum();
    const operator = this.#operator("==", "!=", "<=", ">=", "<", ">");
    return operator === undefined ? left : nodes.binary(left, this.#sum(), operator);
  }

  #sum(): Node {
    return this.#leftToRight(() => this.#product(), "+", "-");
  }

  #product(): Node {
    return this.#leftToRight(() => this.#term(), "*", "/", "%");
  }

  #leftToRight(operand: () => Node, ...signs: readonly string[]): Node {
    let node = operand();
    for (;;) {
      const operator = this.#operator(...signs);
      if (operator === undefined) return node;
      node = nodes.binary(node, operand(), operator);
    }
  }

  #operator(...signs: readonly string[]): (typeof nodes.operators)[string] | undefined {
    const sign = signs.find((candidate) => this.#tokens.takes(candidate));
    return sign === undefined ? undefined : nodes.operators[sign];
  }

  /** A value with the indices after it. */
  #term(): Node {
    if (++this.#nodes > maxNodes) throw notFast;
    let node = this.#start();
    for (let index = this.#index(node); index !== undefined; index = this.#index(node)) {
      if (++this.#nodes > maxNodes) throw notFast;
      node = index;
    }
    return node;
  }

  #index(target: Node): Node | undefined {
    const { kind, text } = this.#tokens.peek();
    if (kind === "field") {
      this.#tokens.take();
      return nodes.at(target, nodes.constant(text.slice(1)), this.#tokens.takes("?"));
    }
    const dotted = this.#tokens.takes(".");
    if (dotted && this.#tokens.peek().kind === "string") return this.#named(target);
    if (this.#tokens.takes("[")) {
      const key = this.#pipe();
      this.#tokens.expect("]");
      return nodes.at(target, key, this.#tokens.takes("?"));
    }
    if (dotted) throw notFast;
    return undefined;
  }

  /** `."name"` */
  #named(target: Node): Node {
    this.#tokens.take();
    return nodes.at(target, this.#string(), this.#tokens.takes("?"));
  }

  #start(): Node {
    const { kind } = this.#tokens.peek();
    if (kind === "field") return nodes.identity;
    const token = this.#tokens.take();
    switch (token.kind) {
      case "variable":
        return this.#variable(token);
      case "number":
        return nodes.constant(literal(token));
      case "string":
        return this.#string();
      case "word":
        return this.#word(token);
      case "sign":
        return this.#sign(token);
      case "field":
      case "end":
        throw notFast;
    }
  }

  #variable({ text }: Token): Node {
    const name = text.slice(1);
    this.names.add(name);
    return nodes.variable(name);
  }

  #string(): Node {
    const parts = this.#tokens.string(() => this.#pipe());
    if (parts.every((part) => typeof part === "string")) return nodes.constant(parts.join(""));
    return nodes.interpolated(parts);
  }

  #word({ text }: Token): Node {
    if (text === "if") return this.#condition();
    if (Object.hasOwn(constants, text)) return nodes.constant(constants[text] ?? null);
    const function_ = Object.hasOwn(functions, text) ? functions[text] : undefined;
    if (function_ === undefined || this.#tokens.peek().text === "(") throw notFast;
    return function_;
  }

  /** After `if` or `elif`. */
  #condition(): Node {
    if (++this.#nodes > maxNodes) throw notFast;
    const condition = this.#pipe();
    this.#tokens.expect("then");
    const then = this.#pipe();
    if (this.#tokens.takes("elif")) return nodes.conditional(condition, then, this.#condition());
    const otherwise = this.#tokens.takes("else") ? this.#pipe() : nodes.identity;
    this.#tokens.expect("end");
    return nodes.conditional(condition, then, otherwise);
  }

  #sign({ text }: Token): Node {
    switch (text) {
      case ".":
        return this.#tokens.peek().kind === "string" ? this.#named(nodes.identity) : nodes.identity;
      case "-":
        return nodes.piped(this.#term(), nodes.applied(negated));
      case "(": {
        const node = this.#pipe();
        this.#tokens.expect(")");
        return node;
      }
      case "[":
        return this.#list();
      case "{":
        return this.#object();
      default:
        throw notFast;
    }
  }

  #list(): Node {
    if (this.#tokens.takes("]")) return nodes.list([]);
    const items = [this.#alternative()];
    while (this.#tokens.takes(",")) items.push(this.#alternative());
    // A comma binds tighter than a pipe: `[a, b | c]` is for jq.
    const [only, ...more] = items;
    if (only !== undefined && more.length === 0) items[0] = this.#piped(only);
    this.#tokens.expect("]");
    return nodes.list(items);
  }

  #object(): Node {
    const members: { key: Node; value: Node }[] = [];
    if (this.#tokens.takes("}")) return nodes.object(members);
    do members.push(this.#member());
    while (this.#tokens.takes(","));
    this.#tokens.expect("}");
    return nodes.object(members);
  }

  #member(): { key: Node; value: Node } {
    const token = this.#tokens.take();
    const name = token.text.slice(1);
    switch (token.kind) {
      case "variable":
        // `{$name}` alone: `{$name: …}` is another thing.
        if (this.#tokens.peek().text === ":") throw notFast;
        return { key: nodes.constant(name), value: this.#variable(token) };
      case "word":
        return this.#memberOf(nodes.constant(token.text));
      case "string":
        return this.#memberOf(this.#string());
      case "sign": {
        if (token.text !== "(") throw notFast;
        const key = this.#pipe();
        this.#tokens.expect(")");
        this.#tokens.expect(":");
        return { key, value: this.#pipe() };
      }
      case "field":
      case "number":
      case "end":
        throw notFast;
    }
  }

  /** `key: value`, or `key` alone for `key: .key`. */
  #memberOf(key: Node): { key: Node; value: Node } {
    const value = this.#tokens.takes(":") ? this.#pipe() : nodes.at(nodes.identity, key, false);
    return { key, value };
  }
}

/** A number whose text is the one that JavaScript gives it: jq remembers how a literal was written. */
function literal({ text }: Token): number {
  const value = Number(text);
  if (String(value) !== text) throw notFast;
  return value;
}

function negated(value: Json): number {
  if (typeof value !== "number") throw notFast;
  return number(-value);
}
