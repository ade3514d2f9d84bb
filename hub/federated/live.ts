import type { Stage } from "#hub/assignments/stage.js";
import { foldsOf } from "#hub/store/folds.js";
import { stagesOf } from "#hub/store/stages.js";
import { ComityError } from "#kernel/errors.js";
import type { AssignmentId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Call, Place } from "./call.js";
import type { FederatedFunction } from "./function.js";
import type { DriverParts } from "./parts.js";
import type { Folded, Round } from "./round.js";
import type { Begun, Op, OpResult, Play, Script, StreamSpec, Turn } from "./script.js";

/** What a play ends with: the beginning of a call, or one of its rounds. */
type End = { readonly begun: Begun<unknown> } | { readonly turn: Turn<unknown, Json> };

/** A round that is being played: rebuilt from rows whenever it is not there. */
export interface Live {
  readonly call: Call;
  readonly place: Place;
  /** The version of the call's row that it has seen. */
  version: number;
  readonly play: Play<End>;
  /** Where it stands: an op that it waits for, or its end. */
  pending: IteratorResult<Op, End>;
  /** Names that it has used. */
  readonly names: Set<string>;
  /** Stages that it has seen, by their names. */
  readonly stages: Map<string, Stage>;
  /** Streams that it has opened or found. */
  readonly streams: Map<string, StreamSpec>;
  /** Answers that it has taken out of streams. */
  readonly taken: AssignmentId[];
  /** The folds that the rows had when it began: those since then it has made itself. Undefined until they are read. */
  folds: ReadonlyMap<string, Folded> | undefined;
  /** The row of the round, once it is there. */
  round: Round | undefined;
}

/** The script that a call is played by: that of its row, also when this release has a newer one. Throws `SCRIPT_RETIRED`. */
export function scriptOf({ scripts }: FederatedFunction, { function: name, revision }: Call): Script {
  const found = scripts.find((script) => script.revision === revision);
  if (found !== undefined) return found;
  throw new ComityError(
    "SCRIPT_RETIRED",
    `This hub cannot go on with a call of ${name} of revision ${revision}.`,
    {
      hint: "Start the release that began it until its round is over, then this one; or cancel the run.",
    },
  );
}

/** The round after the last one that has ended, from its beginning. */
export function begin(fn: FederatedFunction, call: Call): Live {
  const script = scriptOf(fn, call);
  const position = call.position + 1;
  const place = { position, draw: call.drawBase + position };
  const { argument, origin, createdAtMs } = call;
  const play = playOf(script, { argument, origin, createdAtMs }, call, place);
  const live = { call, place, version: call.version, play, names: new Set<string>() };
  return {
    ...live,
    pending: play.next(undefined as unknown as OpResult),
    stages: new Map(),
    streams: new Map(),
    taken: [],
    folds: undefined,
    round: undefined,
  };
}

function* playOf(
  script: Script,
  facts: Parameters<Script["begin"]>[0],
  { position, state }: Call,
  place: Place,
): Play<End> {
  if (position < 0) return { begun: yield* script.begin(facts) };
  return { turn: yield* script.round(facts, state, place) };
}

/** What the rows have of a round. */
export interface Memo {
  readonly stages: ReadonlyMap<string, Stage>;
  readonly folds: ReadonlyMap<string, Folded>;
}

export async function readMemo({ store }: Pick<DriverParts, "store">, live: Live): Promise<Memo> {
  const { call, place } = live;
  const stages = await stagesOf(store.db, call, place.position);
  live.folds ??= await foldsOf(store.db, call, place.position);
  return { stages: new Map(stages.map((stage) => [stage.stage, stage])), folds: live.folds };
}
