import { encodeTensors, type Tensor } from "#aggregation/tensors/safetensors.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import type { TlsIdentity } from "#certs/tls.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId } from "#kernel/ids.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { FromHub__Output } from "#proto/generated/comity/v1/FromHub.js";
import type { Hello } from "#proto/generated/comity/v1/Hello.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { UploadRequest } from "#proto/generated/comity/v1/UploadRequest.js";
import type { BidiCall } from "#proto/rpc/calls.js";
import type { RpcChannel } from "#proto/rpc/channel.js";
import { AgentService } from "#proto/rpc/definitions.js";
import { until } from "./rpc.js";

const agent = AgentService.definition;

/** What a site sends for an offer: its header and the bytes after it. */
export interface Answer {
  readonly header: UploadHeader;
  readonly bytes: Uint8Array;
}

/** A site whose agent is played by hand, message by message. */
export class TestSite {
  readonly name: string;
  readonly identity: TlsIdentity;
  /** To the agent port. */
  readonly channel: RpcChannel;
  /** Every session that was opened. */
  readonly sessions: TestSession[] = [];

  constructor(name: string, identity: TlsIdentity, channel: RpcChannel) {
    this.name = name;
    this.identity = identity;
    this.channel = channel;
  }

  /** A session on which nothing has been said yet. */
  async open(): Promise<TestSession> {
    await this.channel.ready();
    const session = new TestSession(this.channel.bidi(agent.Session));
    this.sessions.push(session);
    return session;
  }

  /** Ends every session, as a process that is killed does. */
  close(): void {
    for (const session of this.sessions) session.close();
    this.channel.close();
  }

  /** A session of a site that has `rows` training rows (and as many test rows) of the dataset `digits`. */
  async connect({
    rows = 100,
    held = [],
    capabilities = ["train", "evaluate"],
  }: {
    rows?: number;
    held?: Hello["held"];
    /** The kinds of work that it says it can do. */
    capabilities?: string[];
  } = {}): Promise<TestSession> {
    const session = await this.open();
    const hello = { protocolMin: 1, protocolMax: 1, agentVersion: "test", capabilities, held };
    session.send({ body: "hello", hello });
    await session.next("welcome");
    session.send({
      body: "catalogue",
      catalogue: {
        datasets: [
          {
            name: "digits",
            columns: [{ name: "x", type: "number" }],
            labels: { dataset: "digits" },
            trainRows: rows,
            testRows: rows,
            target: "y",
            connector: "csv",
          },
        ],
      },
    });
    return session;
  }

  /** Sends the messages of an upload as they are. */
  send(messages: Iterable<UploadRequest> | AsyncIterable<UploadRequest>): Promise<Receipt__Output> {
    return this.channel.clientStream(agent.Upload, from(messages), { deadlineMs: 20_000 });
  }

  /** Uploads an answer in chunks of `chunkBytes`, from the header's offset on. */
  upload({ header, bytes }: Answer, chunkBytes = 16): Promise<Receipt__Output> {
    return this.send([
      { body: "header", header },
      ...chunks(bytes.subarray(Number(header.offset ?? 0)), chunkBytes),
    ]);
  }

  /** How much of an answer the hub has. */
  async stored({ header }: Answer): Promise<number> {
    const { assignmentId, attempt, update } = header;
    const sha256 = update?.sha256;
    return (
      await this.channel.unary(agent.StatBlob, {
        ...(assignmentId !== undefined && { assignmentId }),
        ...(attempt !== undefined && { attempt }),
        ...(sha256 !== undefined && { sha256 }),
      })
    ).offset;
  }
}

/** One session, seen from the agent's side. */
export class TestSession {
  /** Every message of the hub, in its order. */
  readonly heard: FromHub__Output[] = [];
  /** What ended the session: an error, or `ended` for the good order. */
  end: unknown;
  readonly #call: BidiCall<FromAgent, FromHub__Output>;
  readonly #taken = new Set<FromHub__Output>();

  constructor(call: BidiCall<FromAgent, FromHub__Output>) {
    this.#call = call;
    this.#read().catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#call.messages) {
        this.heard.push(message);
        if (message.body === "drain") this.close();
      }
      this.end = "ended";
    } catch (error) {
      this.end = error;
    }
  }

  send(message: FromAgent): boolean {
    return this.#call.send(message);
  }

  drained(): Promise<void> {
    return this.#call.drained();
  }

  /** The next message of a kind that has not been taken yet. */
  async next<Body extends NonNullable<FromHub__Output["body"]>>(
    body: Body,
  ): Promise<NonNullable<FromHub__Output[Body]>> {
    const find = () => this.heard.find((message) => message.body === body && !this.#taken.has(message));
    await until(() => find() !== undefined || this.end !== undefined, `the hub said ${body}`);
    const message = find();
    const value = message?.[body];
    if (message === undefined || value == null)
      throw new Error(`The session ended before the hub said ${body}: ${String(this.end)}`);
    this.#taken.add(message);
    return value;
  }

  /** Waits until the hub ends the session and answers how. */
  async over(): Promise<unknown> {
    await until(() => this.end !== undefined, "the hub ended the session");
    return this.end;
  }

  close(): void {
    this.#call.cancel();
  }
}

/** An update for an offer: `value(tensor, index)` gives each value. */
export function answerTo(
  offer: Offer__Output,
  tensors: readonly TensorSpec[],
  value: (tensor: string, index: number) => number = () => 0.5,
  samples = 10,
): Answer {
  return answerWith(offer, fill(tensors, value), samples);
}

/** An update of whatever tensors. */
export function answerWith(offer: Offer__Output, tensors: readonly Tensor[], samples = 10): Answer {
  const bytes = encodeTensors(tensors);
  return {
    bytes,
    header: {
      opId: newOpId(),
      assignmentId: offer.assignmentId,
      attempt: offer.attempt,
      baseSha256: offer.base?.sha256 ?? "",
      samples,
      metrics: { loss: 0.25 },
      update: { sha256: hashBytes(bytes), sizeBytes: bytes.length },
      tensors: tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape: [...shape] })),
      offset: 0,
    },
  };
}

/** Tensors with values. */
export function fill(
  tensors: readonly TensorSpec[],
  value: (tensor: string, index: number) => number,
): Tensor[] {
  return tensors.map((spec) => ({
    ...spec,
    dtype: "F32",
    values: Float32Array.from({ length: spec.shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      value(spec.name, i),
    ),
  }));
}

/** Bytes as the messages of an upload. */
export function* chunks(bytes: Uint8Array, chunkBytes: number): Generator<UploadRequest> {
  for (let at = 0; at < bytes.length; at += chunkBytes)
    yield { body: "chunk", chunk: Buffer.from(bytes.subarray(at, at + chunkBytes)) };
}

async function* from<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* source;
}
