import type { ZodType } from "zod";
import type { At } from "#hub/routing/at.js";
import type { ModelVersion } from "#hub/store/models.js";
import type { Json } from "#kernel/json.js";
import type { ModelVersionName } from "./plan.js";
import type { AskSpec, Script } from "./script.js";

/** What a function may look up, once, when a call of it begins. */
export interface LookUps {
  /** Throws `MODEL_NOT_FOUND`. */
  model(name: ModelVersionName): Promise<ModelVersion>;
}

/** What a function asks of the sites first. */
interface First extends Pick<AskSpec, "work" | "body" | "rule"> {
  readonly to: { readonly at: At };
}

/**
 * A federated function: what a workflow may call, and the script that does it. One file each below `functions/`. Methods and no function
 * properties, so that one of a special argument is one of any.
 */
export interface FederatedFunction<
  Given = unknown,
  Argument = unknown,
  State = unknown,
  Output extends Json = Json,
> {
  /** For example `fed.train:1.0.0@default`. */
  readonly name: string;
  /** One sentence for the docs, for people at the sites, and for `comity workflow functions`. */
  readonly purpose: string;
  /** The argument `with` of the call. */
  readonly argument: ZodType<Given>;
  /** Throws what the schema cannot tell, with the alternative: before the run exists where `with` has no expression, and before the call. */
  check(given: Given): void;
  /** The argument as the row keeps it, with all that is looked up for it: parsed and asked once. */
  prepare(given: Given, look: LookUps): Promise<Argument> | Argument;
  /** Newest first. The one before stays for one release, for rounds that are under way. */
  readonly scripts: readonly [Script<Argument, State, Output>, ...Script<Argument, unknown, Output>[]];
  /** What is asked of the sites first: for a dry run. */
  first(given: Given): First;
  /** Release 0.1 has run it, with a model as its state. */
  readonly trains?: true;
  /** How many rounds a call has, where that is known. */
  rounds?(argument: Argument): number;
  /** Whether a call that is tried again by hand, maybe with another argument, may go on from the last completed round. */
  goesOnWith?(before: Argument, now: Argument): boolean;
}
