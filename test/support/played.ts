import assert from "node:assert/strict";
import type { FederatedFunction, LookUps } from "#hub/federated/function.js";
import type { AskSpec, Begun, Op, OpResult, Play, Script, Turn } from "#hub/federated/script.js";
import type { SiteId } from "#kernel/ids.js";
import { type Json, jsonForm } from "#kernel/json.js";
import { PlayedBlobs } from "./played-blobs.js";
import { type Answering, PlayedSites } from "./played-sites.js";

export type { Answering, PlayedAsk } from "./played-sites.js";

/** The largest state that a script may keep between rounds, as JSON. */
const maxStateBytes = 64 * 1024;
/** A call that has not come to its end by then never will. */
const maxRounds = 1000;

/** What one round of a script has come to, and what it has done on the way. */
export interface Played<State = unknown, Output extends Json = Json> {
  readonly turn: Turn<State, Output>;
  readonly asked: readonly AskSpec[];
  /** Kind and name of each op, in their order: `ask train`, `fold model`. */
  readonly ops: readonly string[];
}

/** What a whole call has come to. */
interface PlayedCall<State, Output extends Json> {
  readonly begun: Begun<State>;
  readonly rounds: readonly Played<State, Output>[];
  readonly output: Output;
}

/** Who takes part in a call, and what the hub has. */
interface PlayedWorld {
  readonly sites: readonly SiteId[];
  readonly answering: Answering;
  readonly blobs?: PlayedBlobs;
  readonly look?: LookUps;
  /** Rounds of the run that had ended when the call was made. */
  readonly drawBase?: number;
}

/**
 * Plays the script of a function by hand, without hub, store and wire: asks go to sites in memory, folds are done at once. After each op
 * the play is dropped and begun anew, with what has come of its ops through JSON, as after a crash: it must do the same again. What a script is
 * given is frozen, and a name is used once in a round.
 */
export class ScriptPlayer<Argument, State, Output extends Json> {
  readonly blobs: PlayedBlobs;
  readonly argument: Argument;
  readonly #script: Script<Argument, State, Output>;
  readonly #sites: PlayedSites;
  readonly #drawBase: number;

  constructor(
    { scripts }: Pick<FederatedFunction<unknown, Argument, State, Output>, "scripts">,
    argument: Argument,
    { sites, answering, blobs = new PlayedBlobs(), drawBase = 0 }: PlayedWorld,
  ) {
    [this.#script] = scripts;
    this.argument = throughJson(argument);
    this.blobs = blobs;
    this.#sites = new PlayedSites(sites, answering, blobs);
    this.#drawBase = drawBase;
  }

  /** A player of the call with this argument, checked and prepared as a hub does it. */
  static async of<Given, Argument, State, Output extends Json>(
    fn: FederatedFunction<Given, Argument, State, Output>,
    given: unknown,
    world: PlayedWorld,
  ): Promise<ScriptPlayer<Argument, State, Output>> {
    const parsed = fn.argument.parse(given);
    fn.check(parsed);
    const { look = { model: () => assert.fail("a model is looked up") } } = world;
    return new ScriptPlayer(fn, await fn.prepare(parsed, look), world);
  }

  begin(): Begun<State> {
    const { result } = this.#play(() => this.#script.begin(this.#call), 0);
    return { ...result, state: stateOf(result.state) };
  }

  /** The round at a position, from 1, after a state. */
  round(state: State, position: number): Played<State, Output> {
    const at = { position, draw: this.#drawBase + position };
    const kept = stateOf(state);
    const { result: turn, ...rest } = this.#play(() => this.#script.round(this.#call, kept, at), position);
    for (const [stream, inputs] of Object.entries(turn.offers ?? {})) this.#sites.offer(stream, inputs);
    return { turn, ...rest };
  }

  /** The call from its beginning to its end. */
  call(): PlayedCall<State, Output> {
    const begun = this.begin();
    const rounds: Played<State, Output>[] = [];
    let { state } = begun;
    let version = begun.save === undefined ? 0 : 1;
    for (let position = 1; position <= maxRounds; position++) {
      const played = this.round(state, position);
      rounds.push(played);
      const { turn } = played;
      if (turn.save !== undefined) version += 1;
      if ("output" in turn) {
        const output = throughJson(turn.output({ round: position, version, seconds: 1 }));
        return { begun, rounds, output };
      }
      state = turn.next;
    }
    return assert.fail("the call does not come to an end");
  }

  get #call() {
    return { argument: this.argument, origin: "e1", createdAtMs: 0 } as const;
  }

  #play<Result>(begin: () => Play<Result>, position: number) {
    const results: OpResult[] = [];
    const texts: string[] = [];
    const asked: AskSpec[] = [];
    const ops: string[] = [];
    for (;;) {
      const next = replay(begin(), texts, results);
      if (next.done === true) return { result: next.value, asked, ops };
      const { value: op } = next;
      texts.push(textOf(op));
      if (op.op === "ask") asked.push(op);
      if (op.op === "all") asked.push(...op.of);
      const names = op.op === "all" ? op.of.map(({ name }) => `ask ${name}`) : [`${op.op} ${op.name}`];
      for (const name of names) assert.ok(!ops.includes(name), `a round does "${name}" twice`);
      ops.push(...names);
      results.push(throughJson(this.#resultOf(op, position)));
    }
  }

  #resultOf(op: Op, position: number): OpResult {
    switch (op.op) {
      case "ask":
        return this.#sites.ask(op, position);
      case "all":
        return op.of.map((one) => this.#sites.ask(one, position));
      case "stream":
        return this.#sites.stream(op, position);
      case "take":
        return this.#sites.take(op, position);
      case "fold":
        return this.blobs.fold(op);
    }
  }
}

/** Plays one round of a function whose calls begin with nothing. */
export function playRound(
  fn: FederatedFunction,
  given: unknown,
  sites: readonly SiteId[],
  answering: Answering,
  position = 1,
): Played {
  const argument = fn.prepare(fn.argument.parse(given), { model: () => assert.fail("a model is looked up") });
  return new ScriptPlayer(fn, argument, { sites, answering }).round(null, position);
}

/** Where a play stands after what its ops have come to. */
function replay<Result>(
  play: Play<Result>,
  texts: readonly string[],
  results: readonly OpResult[],
): IteratorResult<Op, Result> {
  let next = play.next(undefined as unknown as OpResult);
  for (const [at, result] of results.entries()) {
    assert.ok(next.done !== true, "the round ends sooner when it is played again");
    assert.equal(textOf(next.value), texts[at], "the round does something else when it is played again");
    next = play.next(result);
  }
  return next;
}

const textOf = (op: Op): string =>
  JSON.stringify(op, (key, value: unknown) => (key === "work" ? (value as AskSpec["work"]).name : value));

function stateOf<State>(state: State): State {
  const kept = throughJson(state);
  const bytes = Buffer.byteLength(JSON.stringify(kept));
  assert.ok(bytes <= maxStateBytes, `a state of ${bytes} bytes is too large`);
  return kept;
}

/** As a row gives it back, and frozen: a script must not change what it is given. */
const throughJson = <T>(value: T): T => frozen(jsonForm(value)) as T;

function frozen(value: Json): Json {
  if (typeof value === "object" && value !== null)
    for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  return value;
}
