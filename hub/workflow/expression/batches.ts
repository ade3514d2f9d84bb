import { BoundedThread } from "#kernel/bounded-thread.js";
import type { Json } from "#kernel/json.js";
import { Recent } from "#kernel/recent.js";
import type { JqReply, JqRequest } from "./jq-worker.js";
import { expressionLimits } from "./limits.js";
import { refusalOf, refusalText } from "./measure.js";
import type { ExpressionFault, Uncompilable } from "./model.js";
import { answerOf, batchProgram, checkProgram, type Part, type Piece } from "./program.js";

/** What one expression gave. */
export type Outcome =
  | { readonly value: Json }
  | { readonly reason: ExpressionFault; readonly message: string };

/** Expressions that are known to compile by themselves. */
const maxChecked = 10_000;

/** Runs expressions of several asks as one jq program; when that fails as a whole, finds out which one is to blame. */
export class Batches {
  readonly #thread = new BoundedThread<JqRequest, JqReply>(new URL("./jq-worker.js", import.meta.url), "jq");
  readonly #checked = new Recent<string, true>(maxChecked);

  /** The outcomes of each piece in its order; after a fault the rest of its piece may be missing. */
  async run(pieces: readonly Piece[]): Promise<readonly (readonly Outcome[])[]> {
    const parts = pieces.flatMap((piece) => piece.parts);
    const unchecked = parts.filter((part) => this.#checked.get(keyOf(part)) === undefined);
    const reply = await this.#ask(
      {
        checks: unchecked.map(checkProgram),
        program: batchProgram(pieces),
        input: `[${pieces.map(({ data }) => data).join(",")}]`,
      },
      limitOf(parts.length + unchecked.length),
    );
    if (reply.kind === "done") {
      for (const part of unchecked) this.#checked.set(keyOf(part), true);
      if (reply.lines.length === parts.length) return grouped(pieces, reply.lines.map(outcomeOf));
    }
    const [only, ...more] = pieces;
    if (only === undefined) return [];
    if (more.length > 0) return this.#runEach(pieces);
    if (only.parts.length > 1) return [await this.#runParts(only)];
    return [[blame(reply)]];
  }

  /** Undefined when the expression compiles, else why not. */
  async check(part: Part): Promise<Uncompilable | undefined> {
    if (this.#checked.get(keyOf(part)) !== undefined) return undefined;
    const request = { checks: [checkProgram(part)], program: undefined, input: "null" };
    const reply = await this.#ask(request, expressionLimits.programMs);
    if (reply.kind === "refused") return reply.fault;
    if (reply.kind === "fault") return { why: reply.message, tooMuch: true };
    this.#checked.set(keyOf(part), true);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  async #ask(request: JqRequest, limitMs: number): Promise<JqReply> {
    const reply = await this.#thread.run(request, limitMs);
    if (reply !== "late") return reply;
    // The same in every journal: how long it may work depends on what else is asked with it.
    return { kind: "fault", reason: "time", message: "It worked longer than it may." };
  }

  async #runEach(pieces: readonly Piece[]): Promise<readonly (readonly Outcome[])[]> {
    const all: (readonly Outcome[])[] = [];
    for (const piece of pieces) all.push(...(await this.run([piece])));
    return all;
  }

  async #runParts(piece: Piece): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const part of piece.parts) {
      const [[outcome] = []] = await this.run([{ ...piece, parts: [part] }]);
      if (outcome === undefined) break;
      outcomes.push(outcome);
      if ("reason" in outcome) break;
    }
    return outcomes;
  }
}

const keyOf = ({ text, names }: Part): string => `${names.join()} ${text}`;

const limitOf = (programs: number): number =>
  expressionLimits.programMs + expressionLimits.furtherMs * (programs - 1);

/** The lines, dealt out to the pieces. */
function grouped(pieces: readonly Piece[], outcomes: readonly Outcome[]): readonly (readonly Outcome[])[] {
  let next = 0;
  return pieces.map(({ parts }) => outcomes.slice(next, (next += parts.length)));
}

function outcomeOf(line: string): Outcome {
  const answer = answerOf(line);
  if ("error" in answer)
    return { reason: "runtime", message: answer.error.slice(0, expressionLimits.maxMessage) };
  const refusal = refusalOf(answer.value);
  return refusal === undefined
    ? answer
    : { reason: "output", message: `Its answer ${refusalText[refusal]}.` };
}

/** What a single expression did when jq did not end well with it. */
function blame(reply: JqReply): Outcome {
  switch (reply.kind) {
    case "done":
      return { reason: "runtime", message: reply.stderr === "" ? "jq gave no answer." : reply.stderr };
    case "refused":
      return { reason: "compile", message: reply.fault.why };
    case "fault":
      return { reason: reply.reason, message: reply.message };
  }
}
