import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId } from "#kernel/ids.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import { AgentService } from "#proto/rpc/definitions.js";
import { until } from "./rpc.js";
import { type Answer, chunks, type TestSession, type TestSite } from "./site.js";

/** A site whose answers follow from its number, the kind of work and the round: whoever plays it again gives the same ones. */
export interface Script {
  readonly site: string;
  readonly number: number;
  /** Training rows; half as many are for tests. */
  readonly rows: number;
  readonly datasets: readonly string[];
}

/** What becomes of an offer: `accepted` stays without an answer, `cut` brings the first 64 bytes of one. */
export type Deed = "answered" | "offered" | "accepted" | "refused" | "cut";

/** How long a site waits for the next offer, at most. */
const patienceMs = 600_000;
const cutBytes = 64;

/**
 * The answer of a site. An update is the base with `number / 10 + round / 100` added to each value, rounded to float32
 * once; the figures are simple fractions that differ by site, kind and round.
 */
export function answerOf({ number, rows }: Script, offer: Offer__Output, base: Uint8Array): Answer {
  const { assignmentId, attempt, kind, round } = offer;
  const trains = kind === "train";
  const figures = { loss: number / (round + (trains ? 1 : 2)), accuracy: 1 / (number + round) };
  const header = {
    opId: newOpId(),
    assignmentId,
    attempt,
    baseSha256: hashBytes(base),
    samples: trains ? rows : rows / 2,
    metrics: figures,
    offset: 0,
  };
  if (!trains) return { header, bytes: new Uint8Array() };
  const tensors = decodeTensors(base).map((tensor) => ({
    ...tensor,
    values: tensor.values.map((value) => value + number / 10 + round / 100),
  }));
  const bytes = encodeTensors(tensors);
  const specs = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape: [...shape] }));
  const update = { sha256: hashBytes(bytes), sizeBytes: bytes.length };
  return { header: { ...header, update, tensors: specs }, bytes };
}

/** Plays a {@link Script} on one session. */
export class ScriptedSite {
  /** Every offer, once for each attempt. */
  readonly offers: Offer__Output[] = [];
  /** What went wrong: nothing, as a rule. */
  readonly faults: unknown[] = [];
  readonly name: string;
  readonly #script: Script;
  readonly #site: TestSite;
  readonly #deed: (offer: Offer__Output) => Deed;

  constructor(script: Script, site: TestSite, deed: (offer: Offer__Output) => Deed = () => "answered") {
    this.name = script.site;
    this.#script = script;
    this.#site = site;
    this.#deed = deed;
  }

  /** Connects and plays until the session ends. */
  async connect(): Promise<this> {
    const session = await this.#site.open();
    session.send({
      body: "hello",
      hello: {
        protocolMin: 1,
        protocolMax: 1,
        agentVersion: "0.1.0",
        capabilities: ["train", "evaluate"],
        held: [],
      },
    });
    await session.next("welcome");
    const { datasets, rows } = this.#script;
    session.send({
      body: "catalogue",
      catalogue: {
        datasets: datasets.map((name) => ({
          name,
          columns: [{ name: "x", type: "number" }],
          labels: { dataset: name },
          trainRows: rows,
          testRows: rows / 2,
          target: "y",
          connector: "csv",
        })),
      },
    });
    void this.#play(session);
    return this;
  }

  async #play(session: TestSession): Promise<void> {
    for (let heard = 0; ; heard += 1) {
      await until(
        () => session.heard.length > heard || session.end !== undefined,
        "the hub spoke",
        patienceMs,
      );
      const message = session.heard[heard];
      if (message === undefined) return;
      if (message.body === "offer" && message.offer != null) await this.#take(session, message.offer);
    }
  }

  /** A hub may push the same offer twice, when a site comes while its round begins. */
  async #take(session: TestSession, offer: Offer__Output): Promise<void> {
    const { assignmentId, attempt } = offer;
    if (this.offers.some((one) => one.assignmentId === assignmentId && one.attempt === attempt)) return;
    this.offers.push(offer);
    try {
      await this.#do(session, offer);
    } catch (thrown) {
      this.faults.push(thrown);
    }
  }

  async #do(session: TestSession, offer: Offer__Output): Promise<void> {
    const { assignmentId, attempt } = offer;
    const deed = this.#deed(offer);
    if (deed === "offered") return;
    if (deed === "refused") {
      const refusal = { code: "POLICY_REFUSED", reason: "The site takes no part." };
      session.send({ body: "refuse", refuse: { assignmentId, attempt, ...refusal } });
      return;
    }
    session.send({ body: "accept", accept: { assignmentId, attempt } });
    if (deed === "accepted") return;
    const answer = answerOf(this.#script, offer, await this.#download(offer.base?.sha256 ?? ""));
    if (deed === "cut") {
      const header = { body: "header", header: answer.header } as const;
      // The hub keeps what came before the good end that never comes, and says that bytes are missing.
      await this.#site
        .send([header, ...chunks(answer.bytes.subarray(0, cutBytes), 16)])
        .catch(() => undefined);
      return;
    }
    const offset = answer.header.update == null ? 0 : await this.#site.stored(answer);
    await this.#site.upload({ ...answer, header: { ...answer.header, offset } });
  }

  async #download(sha256: string): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for await (const { data } of this.#site.channel.serverStream(AgentService.definition.Download, {
      sha256,
    }))
      parts.push(data);
    return Uint8Array.from(Buffer.concat(parts));
  }
}
