import { z } from "zod";
import type { At } from "#hub/routing/at.js";
import { type AskSpec, ask, type Collected, type Play, stream, take } from "../script.js";

/** How the answers of a round are collected, as a plan says it. */
export const collectSchema = z.union([
  /** All sites that were asked, from one model. */
  z.literal("barrier"),
  z.strictObject({
    /** Whichever sites answer first: nobody waits for the slow ones, and a site that is done gets the newest model. */
    stream: z.strictObject({
      /** Answers that make a round. */
      buffer: z.int().min(1).max(10_000).default(10),
      /** Sites at work at the same time. */
      concurrency: z.int().min(1).max(10_000).default(100),
      /** An answer from a model of more rounds ago is left out. */
      maxStale: z.int().min(0).max(10_000).default(20),
    }),
  }),
]);

export type CollectPlan = z.output<typeof collectSchema>;

/** What is asked, at sites that are chosen by rule. */
type Asked<Body, Input extends string, Value> = Omit<AskSpec<Body, Input, Value>, "to"> & {
  readonly at: At;
};

/** Answers, and where a stream goes on after them; 0 where there is none. */
export interface Gathered<Value = unknown> extends Collected<Value> {
  readonly cursor: number;
}

/** Collects the answers to one ask. `cursor`: where the last round has left the stream. */
export type Collect = <Body, Input extends string, Value>(
  asked: Asked<Body, Input, Value>,
  cursor: number,
) => Play<Gathered<Value>>;

/** Collecting as a plan says it: a script takes it as a value, and need not know which it is. */
export const collectBy = (plan: CollectPlan): Collect =>
  plan === "barrier" ? barrier : streaming(plan.stream);

const barrier: Collect = function* ({ at, ...asked }) {
  return { ...(yield* ask({ ...asked, to: { at } })), cursor: 0 };
};

const streaming = ({ buffer, concurrency, maxStale }: Exclude<CollectPlan, string>["stream"]): Collect =>
  function* <Body, Input extends string, Value>(asked: Asked<Body, Input, Value>, cursor: number) {
    yield* stream({ ...asked, concurrency });
    const name = `${asked.name}.taken`;
    return yield* take<Value>({ name, stream: asked.name, after: cursor, count: buffer, maxStale });
  };
