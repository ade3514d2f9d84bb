import { AggregationError, quoted } from "../errors.js";
import { answerFault } from "../strategies/fault.js";
import type { Strategy } from "../strategies/strategy.js";
import { dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import { byteCount, type TensorSpec } from "../tensors/spec.js";
import { valuesOf } from "./layout.js";
import type { FoldMaterial } from "./pass.js";

/** The model among the groups of the answers: the first. */
interface Model {
  readonly main: string;
  readonly model: readonly TensorSpec[];
}

/** Throws `ARGUMENT_INVALID` or `SITES_TOO_FEW` unless the strategy can fold this. */
export function checkMaterial(strategy: Strategy, options: unknown, material: FoldMaterial): Model {
  const { groups, answers } = material;
  const [first, ...others] = Object.entries(groups);
  if (first === undefined) throw invalid("The answers have no tensors.");
  const [main, model] = first;
  const needed = strategy.needs.groups ?? [];
  const extra = others.find(([group]) => !needed.includes(group));
  if (extra !== undefined) throw invalid(`${strategy.name} has no use for the tensors ${quoted(extra[0])}.`);
  const missing = needed.find((group) => !Object.hasOwn(groups, group));
  if (missing !== undefined)
    throw invalid(`${strategy.name} needs the tensors ${quoted(missing)} of each site.`);
  checkIntegers(strategy, groups);
  const least = strategy.atLeast?.(options) ?? 1;
  if (answers.length < least) {
    throw new AggregationError(
      "SITES_TOO_FEW",
      `${strategy.name} needs ${least} answers with these options; there are ${answers.length}.`,
    );
  }
  for (const [index, answer] of answers.entries()) {
    const fault = answerFault(strategy, answer);
    if (fault !== undefined)
      throw new AggregationError("ARGUMENT_INVALID", `Answer ${index} cannot be folded: ${fault}.`, {
        index,
      });
  }
  return { main, model };
}

function checkIntegers(strategy: Strategy, groups: Groups): void {
  if (strategy.integers === true) return;
  const whole = Object.values(groups)
    .flat()
    .find(({ dtype }) => dtypes[dtype].integer);
  if (whole === undefined) return;
  throw new AggregationError(
    "ARGUMENT_INVALID",
    `Tensor ${quoted(whole.name)} holds whole numbers (${whole.dtype}), for which the steps of ${strategy.name} have no meaning.`,
    { tensor: whole.name },
  );
}

/** Where the groups lie that a server keeps, and with which group of the answers each is made. */
export interface ServerPlaces {
  /** Those that are made with the tiles of this group, in the order of the server's blob. */
  keptBy(group: string): readonly string[];
  /** The first byte of a group in the server's blob, after the header. */
  offsetOf(name: string): number;
}

export function serverPlaces(server: Groups, groups: Groups, main: string): ServerPlaces {
  const kept = new Map<string, string[]>(Object.keys(groups).map((group) => [group, []]));
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const [name, specs] of Object.entries(server)) {
    if (name === main) throw invalid(`The server cannot keep tensors by the model's name ${quoted(name)}.`);
    const group = Object.hasOwn(groups, name) ? name : main;
    if (specs.some(({ dtype }) => dtype !== "F64") || valuesOf(specs) !== valuesOf(groups[group] ?? []))
      throw invalid(
        `The server's tensors ${quoted(name)} must be F64, and as many values as ${quoted(group)}.`,
      );
    kept.get(group)?.push(name);
    offsets.set(name, offset);
    offset += specs.reduce((sum, spec) => sum + byteCount(spec), 0);
  }
  const lost = Object.keys(groups).find((group) => group !== main && kept.get(group)?.length === 0);
  if (lost !== undefined) throw invalid(`Nothing is made of the tensors ${quoted(lost)}.`);
  return { keptBy: (group) => kept.get(group) ?? [], offsetOf: (name) => offsets.get(name) ?? 0 };
}

const invalid = (text: string): AggregationError => new AggregationError("ARGUMENT_INVALID", text);
