import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError, type ErrorCode } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { Log } from "#kernel/log.js";
import { inlineBytes, isInline } from "#kernel/refs.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { HubLink, HubPort } from "./hub.js";
import { type Answer, inputOf, type Offer } from "./model.js";
import type { Outbox } from "./outbox.js";
import { storedOffset, submit, upload } from "./transfer.js";
import { isWorthTryingAgain, toComityError } from "./verdict.js";

/** How long to wait before an answer is sent again. */
const again = { baseMs: 100, maxMs: 5000 } as const;

/** What there is to send; the attempt may grow while it is being sent, the answer and its op_id stay. */
export interface OutgoingAnswer {
  readonly offer: Offer;
  readonly answer: Answer;
  /** The update where it is small; a large one is in the outbox. */
  readonly bytes: Buffer | undefined;
}

/** Whether the update is still what its digest says. */
async function isIntact(outbox: Outbox, { offer, answer, bytes }: OutgoingAnswer): Promise<boolean> {
  const { update } = answer;
  if (update === undefined) return true;
  if (bytes !== undefined) return hashBytes(bytes) === update.sha256;
  return await outbox.isIntact(offer.assignmentId, update);
}

/** How sending ended: a receipt, a final refusal by the hub, or an update that is no longer what it was on disk. */
type Outcome =
  | { readonly kind: "receipt"; readonly outgoing: OutgoingAnswer; readonly receipt: Receipt__Output }
  | { readonly kind: "refused"; readonly outgoing: OutgoingAnswer; readonly error: ComityError }
  | { readonly kind: "damaged" }
  /** The agent stops; the answer is sent after its next start. */
  | { readonly kind: "later" };

/** One answer on its way. */
export interface Delivery {
  /** What to send, asked before each try. */
  readonly outgoing: () => OutgoingAnswer;
  /** Nothing of it has been sent before, so the hub need not be asked where to go on. */
  readonly isFirst: boolean;
  /** Whether a try is under way now, rather than waited for. */
  isSending: boolean;
  /** A failed try is the last one. */
  readonly isStopping: () => boolean;
}

/** Refusals that may mean that the update is damaged here. */
const doubtful: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UPLOAD_DIGEST_WRONG",
  "UPLOAD_OFFSET_WRONG",
  "UPLOAD_SIZE_WRONG",
]);

interface DeliveryPorts {
  readonly hub: HubPort;
  readonly outbox: Outbox;
  readonly log: Log;
  /** Whether the site has paused its agent. */
  readonly isPaused: () => boolean;
}

/**
 * Sends an answer until the hub has spoken: broken connections, a hub that restarts and full disks are waited for.
 * Throws when the signal fires, and `POLICY_REFUSED` when the site pauses.
 */
export async function deliver(
  ports: DeliveryPorts,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Outcome> {
  const { outgoing } = delivery;
  let fresh = delivery.isFirst;
  let damagedOnTheWay = 0;
  for (let tries = 0; ; tries++) {
    const hub = await ports.hub.link(signal);
    const sent = outgoing();
    if (ports.isPaused())
      throw new ComityError("POLICY_REFUSED", "The site has paused its agent; its answer stays there.");
    delivery.isSending = true;
    try {
      const receipt = await send(ports, hub, sent, fresh, signal);
      return { kind: "receipt", outgoing: sent, receipt };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toComityError(thrown);
      const mine = !(thrown instanceof ComityError) && !isMissing(thrown) && !isWorthTryingAgain(thrown);
      if (mine || (error.code === "POLICY_REFUSED" && ports.isPaused())) throw thrown;
      if (isMissing(thrown) || doubtful.has(error.code)) {
        if (!(await isIntact(ports.outbox, sent))) return { kind: "damaged" };
        if (error.code === "UPLOAD_DIGEST_WRONG" && ++damagedOnTheWay > 1)
          return { kind: "refused", outgoing: sent, error };
      }
      const renewed = error.code === "ASSIGNMENT_LATE" && outgoing().offer.attempt > sent.offer.attempt;
      if (!renewed && !isWorthTryingAgain(error)) return { kind: "refused", outgoing: sent, error };
      fresh = error.code === "UPLOAD_DIGEST_WRONG";
      ports.log.debug(
        { assignment: sent.offer.assignmentId, code: error.code, tries },
        "the answer will be sent again",
      );
      if (delivery.isStopping()) return { kind: "later" };
      delivery.isSending = false;
      if (!renewed) await sleep(fullJitterMs(tries, again), signal);
      signal.throwIfAborted();
    }
  }
}

async function send(
  ports: DeliveryPorts,
  hub: HubLink,
  outgoing: OutgoingAnswer,
  fresh: boolean,
  signal: AbortSignal,
): Promise<Receipt__Output> {
  const { offer, answer, bytes } = outgoing;
  const header = headerOf(outgoing);
  const receipt =
    hub.takesAnswers && isSmall(outgoing)
      ? await submit(hub, header, bytes, signal)
      : await sendBytes(ports, hub, outgoing, header, fresh, signal);
  if (
    receipt.opId !== answer.opId ||
    receipt.assignmentId !== offer.assignmentId ||
    receipt.sha256 !== (answer.update?.sha256 ?? "")
  ) {
    throw new ComityError("MESSAGE_INVALID", "The hub's receipt is for something else than what was sent.");
  }
  return receipt;
}

/** By a stream of its own, from where the hub has got to. */
async function sendBytes(
  ports: DeliveryPorts,
  hub: HubLink,
  { offer, answer, bytes }: OutgoingAnswer,
  header: UploadHeader,
  fresh: boolean,
  signal: AbortSignal,
): Promise<Receipt__Output> {
  const { assignmentId, attempt } = offer;
  const { update } = answer;
  const offset =
    fresh || update === undefined
      ? 0
      : await storedOffset(hub, { assignmentId, attempt, sha256: update.sha256 }, signal);
  const mayLeave = () => !ports.isPaused();
  const path = ports.outbox.path(assignmentId);
  const source = bytes ?? (update === undefined ? undefined : { path, sizeBytes: update.sizeBytes });
  return await upload(hub, { header, offset, mayLeave, update: source }, signal);
}

/** Whether it fits into a message of the session without keeping others waiting. */
function isSmall({ answer: { update, valueJson = "" }, bytes }: OutgoingAnswer): boolean {
  const fits = update === undefined || (isInline(update) && bytes !== undefined);
  return fits && Buffer.byteLength(valueJson) <= inlineBytes;
}

function headerOf({ offer, answer }: OutgoingAnswer): UploadHeader {
  const { opId, samples, metrics, update, tensors, valueJson = "", dataVersion = "" } = answer;
  return {
    opId,
    assignmentId: offer.assignmentId,
    attempt: offer.attempt,
    baseSha256: inputOf(offer, "base")?.sha256 ?? "",
    samples,
    metrics,
    valueJson,
    dataVersion,
    stateFrom: answer.stateFrom ?? "",
    tensors: tensors.map((tensor) => ({ ...tensor })),
    ...(update !== undefined && { update }),
  };
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
