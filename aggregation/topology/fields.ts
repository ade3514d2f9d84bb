import { AggregationError, quoted } from "../errors.js";

/** Reads one layer's `config` strictly: every fault says which layer, which key, what is allowed and what was found. */
export class Fields {
  readonly #index: number;
  readonly #className: string;
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(index: number, className: string, config: Readonly<Record<string, unknown>>) {
    this.#index = index;
    this.#className = /^\w{1,40}$/.test(className) ? className : quoted(className);
    this.#config = config;
  }

  fail(message: string): never {
    throw new AggregationError("MODEL_INVALID", `layers[${this.#index}] (${this.#className}): ${message}.`, {
      index: this.#index,
    });
  }

  /** Refuses keys that the layer does not have. */
  only(allowed: readonly string[]): void {
    for (const key of Object.keys(this.#config)) {
      if (!allowed.includes(key)) this.fail(`unknown key ${quoted(key)}; allowed are ${allowed.join(", ")}`);
    }
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  string(key: string, pattern: RegExp, allowed: string): string {
    const value = this.#value(key);
    return typeof value === "string" && pattern.test(value) ? value : this.#refuse(key, allowed);
  }

  choice<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
    const value = this.#value(key) ?? otherwise;
    return (
      allowed.find((candidate) => candidate === value) ?? this.#refuse(key, `one of ${allowed.join(", ")}`)
    );
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.#value(key) ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(key, "true or false");
  }

  /** A whole number from 1. */
  size(key: string): number {
    const value = this.#value(key);
    return isSize(value) ? value : this.#refuse(key, "a whole number from 1");
  }

  /** A share from 0 (included) to 1 (excluded). */
  share(key: string): number {
    const value = this.#value(key);
    return typeof value === "number" && value >= 0 && value < 1
      ? value
      : this.#refuse(key, "a number from 0 to below 1");
  }

  /** Height and width: one number for both, or two. */
  pair(key: string, otherwise?: readonly [number, number]): [number, number] {
    const value = this.#value(key);
    if (value === undefined && otherwise !== undefined) return [...otherwise];
    if (isSize(value)) return [value, value];
    const [height, width, ...more] = Array.isArray(value) ? (value as unknown[]) : [];
    return isSize(height) && isSize(width) && more.length === 0
      ? [height, width]
      : this.#refuse(key, "a whole number from 1, or two of them");
  }

  /** A list whose items must all pass. */
  list<T>(key: string, isItem: (item: unknown) => item is T, allowed: string): T[] {
    const value = this.#value(key);
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.length > 0 && items.every(isItem) ? items : this.#refuse(key, allowed);
  }

  /** A key that Keras writes and that may hold only what Comity does anyway; nothing is read from it. */
  fixed(key: string, ...allowed: readonly unknown[]): void {
    const value = this.#value(key);
    const texts = allowed.map((item) => JSON.stringify(item));
    if (value !== undefined && !texts.includes(JSON.stringify(value)))
      this.#refuse(key, `${texts.join(" or ")}, or left out`);
  }

  /** A key for an object with a `class_name`, as Keras writes initializers, or just its name. */
  fixedClass(key: string, names: readonly string[]): void {
    const value = this.#value(key);
    const name =
      typeof value === "object" && value !== null && "class_name" in value ? value.class_name : value;
    if (value !== undefined && !names.some((allowed) => allowed === name))
      this.#refuse(key, `${names.join(" or ")}, or left out`);
  }

  #value(key: string): unknown {
    return Object.hasOwn(this.#config, key) ? this.#config[key] : undefined;
  }

  #refuse(key: string, allowed: string): never {
    const value = this.#value(key);
    const found = value === undefined ? "missing" : quoted(JSON.stringify(value)).slice(1, -1);
    return this.fail(
      value === undefined
        ? `${key} is missing; it must be ${allowed}`
        : `${key} must be ${allowed}, not ${found}`,
    );
  }
}

/** Whether a value may be the size of a dimension. */
export function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 2 ** 31 - 1;
}
