import { seeded } from "#aggregation/random/random.js";
import { decodeTensors, encodeTensors, type Tensor } from "#aggregation/tensors/safetensors.js";
import type { AnswerIntake } from "#hub/assignments/intake.js";
import { type AnswerHeader, isOpen, type Receipt } from "#hub/assignments/model.js";
import { inputsOf, type Offer } from "#hub/assignments/offer.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { BlobReader } from "#hub/blobs/reader.js";
import type { Dataset } from "#hub/sites/model.js";
import type { LiveSession, Presence } from "#hub/sites/presence.js";
import { findAssignment } from "#hub/store/assignments.js";
import { inputsOfSite } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { type AssignmentId, newOpId, type Sha256, type SiteId } from "#kernel/ids.js";
import { type Json, type JsonObject, jsonForm } from "#kernel/json.js";
import { inlineBytes } from "#kernel/refs.js";
import { levelsWork } from "#node-agent/steps/levels.js";
import { queryWork } from "#node-agent/steps/query.js";
import { wire } from "#proto/rpc/limits.js";
import { levels } from "#proto/work/levels.js";
import { query } from "#proto/work/query.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { foldRows, type RowData } from "./row-data.js";

/** What of a hub a site can reach. */
export interface ReachableHub {
  readonly store: Store;
  readonly presence: Presence;
  readonly assignments: Assignments;
  readonly intake: AnswerIntake;
  readonly reader: BlobReader;
}

/** What a site makes of an offer; `hold`: it works on, and does not answer. */
export type Deed =
  | "answer"
  | "hold"
  | { readonly refuse: string }
  | { readonly fail: string; readonly retryable: boolean };

/** A site, and how it takes offers. */
export interface SiteRole {
  readonly site: SiteId;
  /** Training rows; half as many are for tests. */
  readonly rows: number;
  readonly deed?: (offer: Offer) => Deed;
  /** Waited for before the last bytes of an answer are sent. */
  readonly pause?: (id: AssignmentId) => Promise<void> | undefined;
}

/** What a site has of an assignment, durably. */
interface Entry {
  readonly attempt: number;
  answer: Answer | undefined;
  receipt: Receipt | undefined;
  /** The hub does not wait for it any more; should it ask again, it gets the same answer. */
  isOver: boolean;
}

interface Answer {
  readonly header: AnswerHeader;
  readonly bytes: Uint8Array;
}

/** The bytes of a work's inputs, by their names. */
type Given = Readonly<Record<string, Uint8Array>>;

/** The dataset that every site has. */
export const pointsDataset = (rows: number): Dataset => ({
  name: "points",
  columns: [{ name: "x", type: "number" }],
  labels: { dataset: "points" },
  trainRows: rows,
  testRows: rows / 2,
  target: "y",
  connector: "csv",
});

/**
 * A site without a socket. What it answers follows from the site, the work and the draw alone; its journal outlives hubs and sessions, as an
 * agent's does: what it has answered it repeats, under the same op_id, and never works out again.
 */
export class MemorySite {
  readonly role: SiteRole;
  /** What it has worked out, in order. */
  readonly computed: AssignmentId[] = [];
  /** Digests of what it has worked out, by its assignments. */
  readonly digests = new Map<AssignmentId, Sha256>();
  /** Offers of what it had the hub's receipt for, at a higher attempt. */
  readonly askedAgain: string[] = [];
  /** Answers that came too late. */
  readonly late: AssignmentId[] = [];
  readonly cancelled: AssignmentId[] = [];
  /** What should not have happened. */
  readonly faults: unknown[] = [];
  readonly offers: Offer[] = [];
  readonly #journal = new Map<AssignmentId, Entry>();
  /** States, by the answer that each was written with. */
  readonly #states = new Map<AssignmentId, number>();
  readonly #busy = new Set<Promise<void>>();
  #session: MemorySession | undefined;

  constructor(role: SiteRole) {
    this.role = role;
  }

  /** What it has the hub's receipt for. */
  get received(): ReadonlySet<string> {
    return new Set([...this.#journal].flatMap(([id, { receipt }]) => (receipt === undefined ? [] : [id])));
  }

  get id(): SiteId {
    return this.role.site;
  }

  /**
   * Has a session with a hub; one that it had before is over, though its hub may not have heard of it yet. Resolves when the hub knows what
   * the site holds.
   */
  async connect(hub: ReachableHub): Promise<void> {
    const session = new MemorySession(this, hub);
    this.#session = session;
    const held = [...this.#journal].filter(([, { receipt, isOver }]) => receipt === undefined && !isOver);
    hub.presence.connect(session);
    const resumed = hub.assignments.resume(
      this.id,
      held.map(([assignmentId, { attempt }]) => ({ assignmentId, attempt })),
    );
    for (const [id, entry] of held) if (entry.answer !== undefined) this.#begin(this.#send(hub, id, entry));
    await resumed;
  }

  disconnect(): void {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) session.hub.presence.disconnect(session);
  }

  /** Answers what it holds without an answer. */
  async answerHeld(): Promise<void> {
    const hub = this.#session?.hub;
    if (hub === undefined) throw new Error(`${this.id} is not connected`);
    const held = this.offers.filter(({ assignment: { id, attempt } }) => {
      const entry = this.#journal.get(id);
      return entry?.attempt === attempt && entry.answer === undefined;
    });
    for (const offer of held) await this.#answer(hub, offer);
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  take(session: MemorySession, offer: Offer): void {
    if (this.#session !== session) return;
    const { id, attempt } = offer.assignment;
    const known = this.#journal.get(id);
    if (known?.receipt !== undefined && known.receipt.attempt < attempt)
      this.askedAgain.push(`${id}#${attempt}`);
    // The same offer may be pushed twice, when a site comes while its stage opens.
    if (known !== undefined && known.attempt >= attempt) return;
    this.offers.push(offer);
    this.#begin(this.#do(session.hub, offer));
  }

  cancel(id: AssignmentId): void {
    this.cancelled.push(id);
    const entry = this.#journal.get(id);
    if (entry !== undefined) entry.isOver = true;
  }

  #begin(work: Promise<void>): void {
    const doing = work.catch((error: unknown) => void this.faults.push(error));
    const done = doing.finally(() => this.#busy.delete(done));
    this.#busy.add(done);
  }

  async #do(hub: ReachableHub, offer: Offer): Promise<void> {
    const { id, attempt } = offer.assignment;
    const deed = this.role.deed?.(offer) ?? "answer";
    if (typeof deed === "object") {
      await unlessDead(
        "refuse" in deed
          ? hub.assignments.refused(this.id, id, attempt, "POLICY_REFUSED", deed.refuse)
          : hub.assignments.failed(this.id, id, attempt, "WORK_FAILED", deed.fail, deed.retryable),
      );
      return;
    }
    const before = this.#journal.get(id);
    this.#journal.set(id, { attempt, answer: before?.answer, receipt: undefined, isOver: false });
    if (deed === "answer") await this.#answer(hub, offer);
  }

  async #answer(hub: ReachableHub, offer: Offer): Promise<void> {
    const { id } = offer.assignment;
    const entry = this.#journal.get(id);
    if (entry === undefined || entry.isOver) return;
    if (entry.answer === undefined) {
      const given = await this.#fetch(hub, offer);
      // Cancelled, or asked again, meanwhile.
      if (given === undefined || this.#journal.get(id) !== entry || this.#isOver(id)) return;
      // Or worked out, where it was told twice to do it.
      if (this.#journal.get(id)?.answer !== undefined) return;
      this.computed.push(id);
      entry.answer = this.#compute(offer, given);
      const { update } = entry.answer.header;
      if (update !== undefined) this.digests.set(id, update.sha256);
    }
    await this.#send(hub, id, entry);
  }

  async #send(hub: ReachableHub, id: AssignmentId, entry: Entry): Promise<void> {
    const { answer, attempt } = entry;
    if (answer === undefined) return;
    try {
      entry.receipt = await hub.intake.receive(
        this.id,
        { ...answer.header, attempt },
        chunksOf(answer.bytes, () => this.role.pause?.(id)),
      );
    } catch (error) {
      if (error instanceof ComityError && error.code === "ASSIGNMENT_LATE") {
        this.late.push(id);
        entry.isOver = true;
      } else if (!isOfDeath(error)) throw error;
    }
  }

  #isOver(id: AssignmentId): boolean {
    return this.#journal.get(id)?.isOver ?? true;
  }

  /** The bytes of the inputs, as far as the hub gives them out; undefined when the assignment is not open any more. */
  async #fetch(hub: ReachableHub, { assignment, stage }: Offer): Promise<Given | undefined> {
    const given: Record<string, Uint8Array> = {};
    for (const [name, { sha256 }] of Object.entries(inputsOf(stage, assignment))) {
      const bytes = await download(hub, this.id, sha256).catch(async (error: unknown) => {
        const now = await findAssignment(hub.store.db, assignment.id);
        if (now !== undefined && isOpen(now.state) && !isOfDeath(error)) throw error;
      });
      if (bytes === undefined) return undefined;
      if (hashBytes(bytes) !== sha256) throw new Error(`${assignment.id}: its ${name} is damaged`);
      given[name] = bytes;
    }
    return given;
  }

  #compute(offer: Offer, given: Given): Answer {
    const { assignment, stage, stateKey } = offer;
    const { id, kind, stateFrom } = assignment;
    const state = this.#stateAfter(offer);
    if (stateKey !== undefined) this.#states.set(id, state + 1);
    const asked = { offer, body: stage.work as JsonObject, given, state };
    const { samples, figures, tensors, value } = answers[kind]?.(this.role, asked) ?? never(kind);
    const bytes = tensors === undefined ? new Uint8Array() : encodeTensors(tensors);
    const update = tensors && { sha256: hashBytes(bytes), sizeBytes: bytes.length };
    const header: AnswerHeader = {
      opId: newOpId(),
      assignmentId: id,
      attempt: assignment.attempt,
      baseSha256: inputsOf(stage, assignment)["base"]?.sha256 ?? "",
      samples,
      metrics: figures,
      update,
      tensors: tensors?.map(({ name, dtype, shape }) => ({ name, dtype, shape })) ?? [],
      offset: 0,
      value,
      inline: undefined,
      stateFrom: stateFrom ?? "",
      behind: 1,
      dataVersion: "",
    };
    return { header, bytes };
  }

  /** How often its work has counted so far, by the state that the offer names. */
  #stateAfter({ stateKey, assignment: { id, stateFrom } }: Offer): number {
    if (stateKey === undefined || stateFrom === undefined) return 0;
    const state = this.#states.get(stateFrom);
    if (state === undefined)
      throw new Error(`${id} goes on from ${stateFrom}, which ${this.id} does not have`);
    return state;
  }
}

/** The hub's end of a session. */
class MemorySession implements LiveSession {
  readonly site: SiteId;
  readonly hub: ReachableHub;
  readonly #owner: MemorySite;

  constructor(owner: MemorySite, hub: ReachableHub) {
    this.#owner = owner;
    this.site = owner.id;
    this.hub = hub;
  }

  offer(offer: Offer): void {
    this.#owner.take(this, offer);
  }

  cancel(assignmentId: AssignmentId): void {
    this.#owner.cancel(assignmentId);
  }

  runEnded(): void {
    // It keeps nothing of a run.
  }

  drain(): void {
    // No hub of these tests goes in peace.
  }

  close(): void {
    // A newer session has taken over.
  }
}

interface Asked {
  readonly offer: Offer;
  readonly body: JsonObject;
  readonly given: Given;
  /** How often the site's work has counted before. */
  readonly state: number;
}

interface PlainAnswer {
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly tensors: readonly Tensor[] | undefined;
  readonly value?: Json;
}

/** Numbers and words, as many as a site has rows; some are missing. */
function rowsOf({ site, rows }: SiteRole): RowData {
  const random = seeded("rows", site);
  const row = () => [
    random.integer(8) === 0 ? null : 1e6 + random.normal(),
    ["red", "green", "blue"][random.integer(3)] ?? null,
  ];
  return { columns: { x: "number", colour: "text" }, rows: Array.from({ length: rows }, row) };
}

/** A body as agents read it. */
const withoutKind = (body: JsonObject): object =>
  Object.fromEntries(Object.entries(body).filter(([key]) => key !== "kind"));

/** An answer that is a value. */
const ofValue = (value: unknown): PlainAnswer => ({
  samples: 0,
  figures: {},
  tensors: undefined,
  value: jsonForm(value),
});

/** What a site answers to each kind of work. */
const answers: Readonly<Record<string, (role: SiteRole, asked: Asked) => PlainAnswer>> = {
  /** The base and a little noise, seeded by all that may make a difference. */
  train({ site, rows }, { offer, body, given, state }) {
    const trained = body as unknown as TrainBody;
    const random = seeded("train", site, trained.seed, offer.draw, state);
    const base = new Map(
      decodeTensors(given["base"] ?? never("base")).map((tensor) => [tensor.name, tensor]),
    );
    const groups = Object.entries(train.answer.tensors?.(trained) ?? {});
    const tensors = groups.flatMap(([group, specs], at) =>
      specs.map(({ name, shape }): Tensor => {
        const before = base.get(name)?.values ?? never(name);
        const values = before.map((value) => (at === 0 ? value : 0) + random.normal() / 10);
        return { name: at === 0 ? name : `${group}/${name}`, dtype: "F32", shape, values };
      }),
    );
    const steps = trained.local.steps === true ? { steps: 1 + random.integer(9) } : {};
    return { samples: rows, figures: { loss: random.uniform(), ...steps }, tensors };
  },
  /** Figures of the model's bytes. */
  evaluate({ site, rows }, { given }) {
    const bytes = given["base"] ?? never("base");
    const random = seeded("evaluate", site, hashBytes(bytes));
    return {
      samples: rows / 2,
      figures: { loss: random.uniform(), accuracy: random.uniform() },
      tensors: undefined,
    };
  },
  query: (role, { body }) =>
    ofValue(foldRows(queryWork, query.body.parse(withoutKind(body)), rowsOf(role), 5)),
  levels: (role, { body }) =>
    ofValue(foldRows(levelsWork, levels.body.parse(withoutKind(body)), rowsOf(role), 5)),
};

/** An input, as the hub's agent service gives it out: to a site that has an open assignment that names it. */
async function download(
  { store, reader }: ReachableHub,
  site: SiteId,
  sha256: Sha256,
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = await inputsOfSite(store.db, site);
  if (!wanted.has(sha256)) throw new Error(`no open assignment of ${site} names ${sha256}`);
  const parts: Uint8Array[] = [];
  for await (const part of reader.read(sha256, 0)) parts.push(Uint8Array.from(part));
  return Uint8Array.from(Buffer.concat(parts));
}

/** A message to a hub that is dead is lost. */
async function unlessDead(said: Promise<void>): Promise<void> {
  await said.catch((error: unknown) => {
    if (!isOfDeath(error)) throw error;
  });
}

/** What the database and the blobs of a dead hub say. */
const isOfDeath = (error: unknown): boolean =>
  error instanceof Error &&
  (/^the hub (is dead|dies)/.test(error.message) || (error.cause !== undefined && isOfDeath(error.cause)));

async function* chunksOf(
  bytes: Uint8Array,
  pause: () => Promise<void> | undefined,
): AsyncGenerator<Uint8Array> {
  // A large one comes in more pieces than one.
  const size = bytes.length <= inlineBytes ? inlineBytes : Math.min(wire.chunkBytes, inlineBytes);
  for (let at = 0; at < bytes.length; at += size) {
    if (at + size >= bytes.length) await pause();
    yield bytes.subarray(at, at + size);
  }
}

function never(what: string): never {
  throw new Error(`a site of tests has no ${what}`);
}
