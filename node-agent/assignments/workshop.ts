import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkSchema } from "#aggregation/tensors/schema.js";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory } from "#kernel/files.js";
import { newOpId, type SiteId } from "#kernel/ids.js";
import type { Work, WorkKind } from "#proto/codec/work.js";
import type { Step, StepAnswer } from "../steps/step.js";
import type { BlobCache, CachedBlob, Source } from "./cache.js";
import type { Answer, Offer } from "./model.js";
import { type Outbox, readTensors } from "./outbox.js";

/** Steps by the kind of work that they do. */
type Steps = ReadonlyMap<WorkKind, Step>;

/** How many figures an answer may hold, and how long their names may be. */
const metricLimits = { count: 64, nameLength: 64 } as const;

/** Where the work of an assignment is done: base model in, step, update out. */
export class Workshop {
  readonly #site: SiteId;
  readonly #steps: Steps;
  readonly #cache: BlobCache;
  readonly #outbox: Outbox;
  readonly #dir: string;
  /** Scratch folders that nobody uses, empty. Making and removing one for each assignment costs more than all else on the disk. */
  readonly #vacant: string[] = [];
  #folders = 0;

  /** `dir`: for scratch folders, on the same file system as the outbox. */
  constructor(options: {
    site: SiteId;
    steps: Steps;
    cache: BlobCache;
    outbox: Outbox;
    dir: string;
  }) {
    this.#site = options.site;
    this.#steps = options.steps;
    this.#cache = options.cache;
    this.#outbox = options.outbox;
    this.#dir = options.dir;
  }

  /** Makes the folder, without what a killed agent may have left in it. */
  async prepare(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
    await makeDirectory(this.#dir);
  }

  /** The base model of an offer, which stays on disk until it is released. */
  async fetchBase(offer: Offer, source: Source): Promise<CachedBlob> {
    return await this.#cache.acquire(offer.base, source);
  }

  /**
   * Does the work and puts its update into the outbox. What is about to leave is checked here against what the kind of work
   * declares: the tensors of the base model and finite figures, nothing else.
   */
  async run(
    offer: Offer,
    work: Work,
    base: CachedBlob,
    signal: AbortSignal,
    progress: (fraction: number, text: string) => void,
  ): Promise<{ answer: Answer; bytes: Buffer | undefined }> {
    const step = this.#steps.get(work.kind);
    if (step === undefined)
      throw new ComityError("WORK_UNSUPPORTED", `This agent does no work of kind ${work.kind}.`);
    const directory = this.#vacant.pop() ?? this.#makeFolder();
    let stepEnded = false;
    try {
      const context = {
        site: this.#site,
        round: offer.round,
        directory,
        basePath: base.path,
        signal,
        progress,
      };
      const answer = await step.run(work, context);
      stepEnded = true;
      signal.throwIfAborted();
      checkFigures(work.kind, answer);
      const { samples, metrics, updatePath } = answer;
      const plain = { opId: newOpId(), samples, metrics };
      if (updatePath === undefined) return { answer: { ...plain, tensors: [] }, bytes: undefined };
      const { sha256, sizeBytes, bytes, ...update } = await this.#outbox.put(offer.assignmentId, updatePath);
      checkSchema(update.tensors, readTensors(base.path));
      const tensors = update.tensors.map((tensor) => ({ ...tensor, shape: [...tensor.shape] }));
      return { answer: { ...plain, update: { sha256, sizeBytes }, tensors }, bytes };
    } finally {
      // What is left is small: a large update has moved into the outbox. A step that was broken off may still write: its folder goes.
      if (stepEnded) this.#vacate(directory);
      else rmSync(directory, { recursive: true, force: true });
    }
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

function checkFigures(kind: WorkKind, { samples, metrics, updatePath }: StepAnswer): void {
  if (!Number.isSafeInteger(samples) || samples < 0) throw wrong(`${samples} is no number of rows`);
  const figures = Object.entries(metrics);
  if (figures.length > metricLimits.count)
    throw wrong(`it has ${figures.length} figures; ${metricLimits.count} are allowed`);
  for (const [name, value] of figures) {
    if (name.length > metricLimits.nameLength)
      throw wrong(`the name of a figure has ${name.length} characters`);
    if (!Number.isFinite(value)) throw wrong(`the figure ${name} is ${value}`);
  }
  if ((kind === "train") !== (updatePath !== undefined)) {
    throw wrong(kind === "train" ? "there is no update" : `work of kind ${kind} may not send an update`);
  }
}

const wrong = (why: string): ComityError =>
  new ComityError("WORK_FAILED", `The answer of the work stays at the site: ${why}.`);
