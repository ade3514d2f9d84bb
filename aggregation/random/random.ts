import { AggregationError } from "../errors.js";

/** What {@link Random.shuffle} takes. */
interface Shuffleable {
  readonly length: number;
  [index: number]: unknown;
}

/**
 * The project's own seeded generator: xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c),
 * whose state comes from the seed by FNV-1a (64 bits) and splitmix64, as its authors advise.
 * The same seed gives the same numbers on every host. For splits, initial values and shuffles; never for secrets.
 */
export class Random {
  readonly #seed: readonly (string | number)[];
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: readonly (string | number)[]) {
    this.#seed = seed;
    const next = splitmix64(fnv1a64(JSON.stringify(seed)));
    const [low, high] = [next(), next()];
    this.#a = Number(low & 0xffffffffn);
    this.#b = Number(low >> 32n);
    this.#c = Number(high & 0xffffffffn);
    this.#d = Number(high >> 32n);
  }

  /** An independent generator. It depends on the seed and the label alone, not on what was drawn before. */
  fork(label: string | number): Random {
    return new Random([...this.#seed, label]);
  }

  /** From 0 to 2^32 - 1, each equally likely. */
  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled >>> 0;
  }

  /** From 0 (included) to 1 (excluded), in steps of 2^-53. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number from 0 to `n` - 1, each equally likely; `n` is from 1 to 2^32. */
  integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1 || n > 2 ** 32) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `integer(${n}): n must be a whole number from 1 to 2^32.`,
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const value = this.uint32();
      if (value < limit) return value % n;
    }
  }

  /** The standard normal distribution, by Marsaglia's polar method. */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** The gamma distribution with scale 1; `shape` is above 0. */
  gamma(shape: number): number {
    return Math.exp(this.#logGamma(shape));
  }

  /** `n` shares above or equal to 0 that sum to 1: the symmetric Dirichlet distribution; `alpha` is above 0. */
  dirichlet(alpha: number, n: number): number[] {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `dirichlet: n is ${n}; it must be a whole number above 0.`,
      );
    }
    // By logarithms: with a small alpha the gammas themselves would all be 0.
    const logs = Array.from({ length: n }, () => this.#logGamma(alpha));
    const greatest = logs.reduce((a, b) => Math.max(a, b));
    const weights = logs.map((log) => Math.exp(log - greatest));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  }

  /** Puts the items into a random order, in place (Fisher and Yates), and returns the same array. */
  shuffle<A extends Shuffleable>(items: A): A {
    const cells: Shuffleable = items;
    for (let last = cells.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [cells[last], cells[other]] = [cells[other], cells[last]];
    }
    return items;
  }

  /** The logarithm of a gamma variate: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
  #logGamma(shape: number): number {
    if (!(shape > 0 && shape < Number.POSITIVE_INFINITY)) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `The shape of a gamma distribution is ${shape}; it must be above 0.`,
      );
    }
    if (shape < 1) return this.#logGamma(shape + 1) + Math.log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = 1 - this.uniform();
      if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }
}

/** A generator for this seed. Give each use a word of its own: `seeded("split", seed)`. */
export function seeded(...seed: (string | number)[]): Random {
  return new Random(seed);
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}

/** https://prng.di.unimi.it/splitmix64.c */
function splitmix64(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
}
