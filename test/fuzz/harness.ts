import assert from "node:assert/strict";
import fc from "fast-check";
import { isErrorCode } from "#kernel/errors.js";
import { mutated } from "./mutations.js";

/** A decoder of something from outside. */
export interface Target {
  readonly name: string;
  /** Right inputs, or such that were a fault once. */
  readonly corpus: readonly (string | Uint8Array)[];
  /** Decodes, and perhaps asserts something of what it got. */
  readonly decode: (bytes: Buffer) => unknown;
  /** What it may throw besides errors with a code of ours. */
  readonly throwsToo?: (error: Error) => boolean;
}

/** How many inputs, and from which seed; without one, another each time. */
export interface Effort {
  readonly cases: number;
  readonly seed?: number;
  /** Ends sooner than all cases. */
  readonly endsAfterMs?: number;
}

/**
 * Gives a decoder what is nearly right: it must decode it or refuse it with a code of ours that is not `INTERNAL`, and leave the prototypes of the
 * language alone. Throws with the input that was not met so, in hexadecimal.
 */
export async function fuzz(target: Target, { cases, seed, endsAfterMs }: Effort): Promise<void> {
  const corpus = target.corpus.map((one) => Buffer.from(one as Uint8Array));
  for (const bytes of corpus) await meet(target, bytes);
  const property = fc.asyncProperty(mutated(corpus), async (bytes) => {
    try {
      await meet(target, bytes);
    } catch (cause) {
      throw new Error(`${target.name} does not meet ${bytes.toString("hex")}`, { cause });
    }
  });
  await fc.assert(property, {
    numRuns: cases,
    ...(seed !== undefined && { seed }),
    ...(endsAfterMs !== undefined && { interruptAfterTimeLimit: endsAfterMs, markInterruptAsFailure: false }),
  });
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype];
const untouched = prototypes.map((one) => Reflect.ownKeys(one).length);

async function meet({ decode, throwsToo }: Target, bytes: Buffer): Promise<void> {
  try {
    await decode(bytes);
  } catch (error) {
    assert.ok(error instanceof Error, "what is thrown is an error");
    if (!isRefusal(error) && throwsToo?.(error) !== true) throw error;
  }
  assert.deepEqual(
    prototypes.map((one) => Reflect.ownKeys(one).length),
    untouched,
    "a prototype has been changed",
  );
}

const isRefusal = (error: Error): boolean =>
  "code" in error && typeof error.code === "string" && isErrorCode(error.code) && error.code !== "INTERNAL";
