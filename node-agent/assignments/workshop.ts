import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "#kernel/files.js";
import { newOpId, type SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { StepAnswer } from "../steps/step.js";
import { checkEgress } from "./egress.js";
import type { Inputs } from "./inputs.js";
import type { Answer, Offer } from "./model.js";
import type { Outbox } from "./outbox.js";
import type { StateRow } from "./state-rows.js";
import type { SiteStates } from "./states.js";
import { keepsState, type Work } from "./work.js";

/** What came of the work of an assignment. */
export interface Done {
  readonly answer: Answer;
  /** The update where it is small; a large one is in the outbox. */
  readonly bytes: Buffer | undefined;
  /** What the work keeps at the site. */
  readonly state: StateRow | undefined;
}

/** Where the work of an assignment is done: inputs in, step, answer out. */
export class Workshop {
  readonly #site: SiteId;
  readonly #minCell: number;
  readonly #outbox: Outbox;
  readonly #states: SiteStates;
  readonly #dir: string;
  /** Scratch folders that nobody uses, empty. Making and removing one for each assignment costs more than all else on the disk. */
  readonly #vacant: string[] = [];
  #folders = 0;

  /** `minCell`: rows that each part of a value must stand for; `dir`: for scratch folders, on the same file system as the outbox and the states. */
  constructor(options: { site: SiteId; minCell: number; outbox: Outbox; states: SiteStates; dir: string }) {
    this.#site = options.site;
    this.#minCell = options.minCell;
    this.#outbox = options.outbox;
    this.#states = options.states;
    this.#dir = options.dir;
  }

  /** Makes the folder, without what a killed agent may have left in it. */
  async prepare(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
    await makeDirectory(this.#dir);
  }

  /**
   * Does the work, going on from `state` if there is one, and checks against its declaration what is about to leave. A large update then lies
   * in the outbox.
   */
  async run(
    offer: Offer,
    work: Work,
    inputs: Inputs,
    state: StateRow | undefined,
    signal: AbortSignal,
    progress: (fraction: number, text: string) => void,
  ): Promise<Done> {
    // Small works need none.
    let made: string | undefined;
    const folder = () => (made ??= this.#vacant.pop() ?? this.#makeFolder());
    let stepEnded = false;
    try {
      const answer = await work.step.run(work.body, {
        site: this.#site,
        draw: offer.draw,
        get directory() {
          return folder();
        },
        input: async (name) => await inputs.open(name),
        state: state && { path: await this.#states.open(state, folder()) },
        signal,
        progress,
      });
      stepEnded = true;
      signal.throwIfAborted();
      return await this.#pack(offer, work, answer);
    } finally {
      // What is left is small: a large update has moved into the outbox. A step that was broken off may still write: its folder goes.
      if (made !== undefined && stepEnded) this.#vacate(made);
      else if (made !== undefined) rmSync(made, { recursive: true, force: true });
    }
  }

  async #pack(offer: Offer, work: Work, stepAnswer: StepAnswer): Promise<Done> {
    const { samples, figures, value, statePath } = stepAnswer;
    const stored = await this.#store(offer, stepAnswer);
    const valueJson = value === undefined ? undefined : JSON.stringify(value);
    // What is checked is what leaves, not what the step has in its hands.
    const given = valueJson === undefined ? undefined : (JSON.parse(valueJson) as Json);
    checkEgress(work, { samples, figures, tensors: stored?.tensors, value: given }, this.#minCell);
    const answer: Answer = {
      opId: newOpId(),
      samples,
      metrics: { ...figures },
      tensors: (stored?.tensors ?? []).map((tensor) => ({ ...tensor, shape: [...tensor.shape] })),
      ...(stored !== undefined && { update: { sha256: stored.sha256, sizeBytes: stored.sizeBytes } }),
      ...(valueJson !== undefined && { valueJson }),
      ...(keepsState(work) && { stateFrom: offer.stateFrom }),
    };
    if (keepsState(work) !== (statePath !== undefined))
      throw new Error(`work of kind ${work.step.kind.name} keeps what it does not declare, or nothing`);
    const state = statePath === undefined ? undefined : await this.#states.put(statePath);
    return { answer, bytes: stored?.bytes, state };
  }

  async #store({ assignmentId }: Offer, { updatePath, update }: StepAnswer) {
    if (updatePath !== undefined) return await this.#outbox.put(assignmentId, updatePath);
    return update && this.#outbox.take(Buffer.from(update.buffer, update.byteOffset, update.byteLength));
  }

  #vacate(directory: string): void {
    for (const name of readdirSync(directory))
      rmSync(join(directory, name), { recursive: true, force: true });
    this.#vacant.push(directory);
  }

  #makeFolder(): string {
    const directory = join(this.#dir, String(++this.#folders));
    mkdirSync(directory, { mode: 0o700 });
    return directory;
  }
}
