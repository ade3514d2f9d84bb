import { findStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import type { JsonObject } from "#kernel/json.js";
import { findKind } from "#proto/work/index.js";
import type { Kind } from "#proto/work/kind.js";
import { type Shape, shapeOf } from "#proto/work/shape.js";
import { asComityError } from "./faults.js";
import type { Assignment } from "./model.js";
import type { Stage, StageKey } from "./stage.js";

/** A stage with what its kind of work makes of the body that a site was given: what its answer must look like. */
export interface ShapedStage {
  readonly stage: Stage;
  readonly kind: Kind;
  /** The stage's, with the site's own part in it. */
  readonly body: unknown;
  readonly shape: Shape;
}

/** What of an assignment its shape is made of. */
type Asked = StageKey & Pick<Assignment, "id" | "part">;

/** Stages, and parts of sites, that are kept in memory; another is read again. */
const maxKept = 256;

/** The stages that answers come in for: what they ask for never changes, and costs more to derive than to keep. */
export class Shapes {
  readonly #store: Store;
  readonly #kinds: readonly Kind[];
  readonly #kept = new Map<string, Promise<ShapedStage>>();

  /** `kinds`: those that this hub knows. */
  constructor(store: Store, kinds: readonly Kind[]) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** Throws `TASK_NOT_FOUND` when there is no such stage, `WORK_UNSUPPORTED` when this hub does not know its kind. */
  get(asked: Asked): Promise<ShapedStage> {
    const { runId, effect, position, stage, id, part } = asked;
    // Sites without a body of their own have that of the stage.
    const own = part.body === undefined ? "" : `#${id}`;
    const name = `${runId}/${effect}/${position}/${stage}${own}`;
    let known = this.#kept.get(name);
    if (known === undefined) {
      known = this.#load(asked);
      this.#kept.set(name, known);
      // A fault of the moment must not stand for good.
      known.catch(() => this.#kept.delete(name));
      const [oldest] = this.#kept.keys();
      if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    }
    return known;
  }

  async #load({ part, ...key }: Asked): Promise<ShapedStage> {
    const stage = await findStage(this.#store.db, key);
    if (stage === undefined)
      throw new ComityError("TASK_NOT_FOUND", `Run ${key.runId} has no stage ${key.stage}.`);
    const kind = findKind(this.#kinds, stage.kind);
    if (kind === undefined)
      throw new ComityError("WORK_UNSUPPORTED", `This hub does not know work of kind ${stage.kind}.`);
    const common = Object.entries(stage.work as JsonObject).filter(([name]) => name !== "kind");
    // As the site reads it.
    const given = { ...Object.fromEntries(common), ...part.body };
    const body = parseValue(given, "work", kind.body, "INTERNAL");
    return { stage, kind, body, shape: asComityError(() => shapeOf(kind, body)) };
  }
}
