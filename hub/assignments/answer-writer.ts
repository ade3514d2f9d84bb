import type { Retention } from "#hub/blobs/retention.js";
import { holders } from "#hub/blobs/uses.js";
import type { RunFeed } from "#hub/runs/feed.js";
import { type Delivery, deliverAssignments } from "#hub/store/answers.js";
import { holdEach, keepBlobs, type NewBlob } from "#hub/store/blobs.js";
import { moveStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import type { Gatherer, Tx } from "#hub/store/tx.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import type { AnswerHeader, Assignment } from "./model.js";
import type { CallNews } from "./news.js";
import type { ShapedStage } from "./shapes.js";
import type { ReceivedUpdate } from "./uploads.js";

/** An answer that is right, and is to be written. */
export interface CheckedAnswer {
  readonly assignment: Assignment;
  readonly shaped: ShapedStage;
  readonly header: AnswerHeader;
  readonly answerSha256: Sha256;
  readonly received: ReceivedUpdate | undefined;
  readonly nowMs: number;
}

/** One that waits for its turn, and what has become of it. */
interface Waiting {
  readonly answer: CheckedAnswer;
  isDelivered: boolean;
}

interface Parts {
  readonly store: Store;
  readonly retention: Retention;
  readonly feed: RunFeed;
  readonly news: CallNews;
}

/**
 * Writes answers: all that wait share one commit, and their statements. Each is decided alone: one whose assignment is not open any more
 * costs the others nothing. An answer by which its stage is not over waits for up to 20 ms for others to be written with: nobody but its
 * site waits for it, and the site does not work meanwhile.
 */
export class AnswerWriter implements Gatherer<Waiting> {
  /** Whoever closes a stage in the same transaction has seen the answers that were there. */
  readonly isFirst = true;
  readonly #parts: Parts;
  /** How many answers a stage still waits for: a guess, for others may have refused or answered at another hub. Only haste hangs on it. */
  readonly #left = new WeakMap<ShapedStage, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves after the commit. False: the assignment was not open at this attempt any more, and nothing is written. */
  async add(answer: CheckedAnswer): Promise<boolean> {
    const waiting: Waiting = { answer, isDelivered: false };
    await this.#parts.store.put(this, waiting, () => undefined, this.#isUrgent(answer.shaped));
    return waiting.isDelivered;
  }

  #isUrgent(shaped: ShapedStage): boolean {
    const left = (this.#left.get(shaped) ?? shaped.stage.waiting) - 1;
    this.#left.set(shaped, left);
    return left <= 0 || shaped.stage.concurrency > 0;
  }

  /** The stages first: that locks them, and gives the order of arrival; a stage that is closed takes no answers any more. */
  async write(tx: Tx, items: readonly Waiting[]): Promise<void> {
    for (const item of items) item.isDelivered = false;
    const open: OpenStage[] = [];
    for (const group of byStage(items)) {
      const [{ answer }] = group;
      const stage = await moveStage(tx.db, answer.assignment, -group.length, group.length);
      if (stage !== undefined) open.push({ group, ...stage });
    }
    const answers = open.flatMap(({ group }) => group.map(({ answer }) => answer));
    const [first] = answers;
    if (first === undefined) return;
    const deliveries = open.flatMap(({ group, changes }) =>
      group.map(({ answer }, at): Delivery => ({ ...answer, arrival: changes - group.length + 1 + at })),
    );
    await keepBlobs(tx.db, answers.flatMap(blobOf), first.nowMs);
    const delivered = await deliverAssignments(tx.db, deliveries);
    const isIn = ({ assignment }: CheckedAnswer) => delivered.has(assignment.id);
    await holdEach(
      tx.db,
      answers
        .filter(isIn)
        .flatMap((one) => blobOf(one).map((blob) => [holders.answer(one.assignment.id), blob])),
    );
    const missed = answers.filter((one) => !isIn(one));
    if (missed.length > 0) await this.#parts.retention.release(tx, missed.flatMap(blobOf));
    for (const { group, isDue } of open) {
      const out = group.filter(({ answer }) => !isIn(answer));
      for (const item of group) item.isDelivered = isIn(item.answer);
      for (const { answer } of group) if (isIn(answer)) this.#tell(tx, answer);
      const [{ answer }] = group;
      // What was not open was not waited for.
      const now = out.length === 0 ? { isDue } : await moveStage(tx.db, answer.assignment, out.length);
      if (now?.isDue === true && out.length < group.length) this.#parts.news.tell(tx, answer.assignment);
    }
  }

  /** A line for people, unless the stage is a quiet one. */
  #tell(tx: Tx, { assignment, shaped, header }: CheckedAnswer): void {
    const { stage, kind } = shaped;
    if (stage.quiet) return;
    const { runId, round, site } = assignment;
    const { samples, metrics, update } = header;
    const data = { kind: assignment.kind, bytes: update?.sizeBytes ?? 0 };
    const line = { runId, type: "assignment.delivered", round, site } as const;
    // What must have several sites behind it is not told of one, whether the others will come or not.
    const { release, atLeast } = stage.rule;
    if (release === "together" && atLeast > 1) {
      this.#parts.feed.append(tx, { ...line, text: `${site} has answered.`, data });
      return;
    }
    const shown = kind.answer.figures?.shown === "each" ? metrics : {};
    const text = `${site} ${kind.words.done(samples)}.`;
    this.#parts.feed.append(tx, { ...line, text, data: { ...data, samples, metrics: shown } });
  }
}

/** An open stage of a transaction, and the answers for it. */
interface OpenStage {
  readonly group: Group;
  readonly changes: number;
  readonly isDue: boolean;
}

type Group = readonly [Waiting, ...Waiting[]];

/** Answers by their stages, in one order at all hubs; of two for the same assignment the first one. */
function byStage(items: readonly Waiting[]): Group[] {
  const groups = new Map<string, [Waiting, ...Waiting[]]>();
  const seen = new Set<AssignmentId>();
  for (const item of items) {
    const { id, runId, effect, position, stage } = item.answer.assignment;
    if (seen.has(id)) continue;
    seen.add(id);
    const key = `${runId}/${effect}/${position}/${stage}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The bytes that come with an answer. */
function blobOf({ header: { update }, received }: CheckedAnswer): NewBlob[] {
  if (update === undefined || received === undefined) return [];
  const { sha256, sizeBytes } = update;
  return ["inline" in received ? { sha256, sizeBytes, inline: received.inline } : { sha256, sizeBytes }];
}
