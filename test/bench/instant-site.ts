import { readHeader } from "#aggregation/tensors/safetensors.js";
import type { AnswerHeader } from "#hub/assignments/model.js";
import { inputsOf, type Offer } from "#hub/assignments/offer.js";
import type { LiveSession } from "#hub/sites/presence.js";
import { saveInvitedSite } from "#hub/store/admission.js";
import { saveCatalogue, saveHello } from "#hub/store/sites.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId, type SiteId } from "#kernel/ids.js";
import { kinds } from "#proto/work/index.js";
import type { PortlessHub } from "./portless-hub.js";

/** Says that a site has joined, with 20 rows. */
export async function writeSite({ store }: { readonly store: Store }, site: SiteId): Promise<void> {
  const capabilities = kinds.map(({ name }) => name);
  const columns = [
    { name: "x", type: "number" },
    { name: "y", type: "number" },
  ];
  const rows = { trainRows: 20, testRows: 20, target: "y", connector: "csv" };
  await store.write(async ({ db }) => {
    await saveInvitedSite(db, site, {}, 1);
    await saveHello(db, site, { agentVersion: "bench", capabilities }, 1);
    await saveCatalogue(db, site, [{ name: "rows", columns, labels: {}, ...rows }]);
  });
}

/** A site in the hub's own process that answers each offer at once: with the model but for its last value, and with a loss of 1. */
export class InstantSite implements LiveSession {
  readonly site: SiteId;
  readonly #hub: PortlessHub;
  readonly #offered: (offer: Offer) => boolean;
  readonly #failed: (error: unknown) => void;

  /** `offered` is told of each offer, and says whether to answer it; `failed` of an answer that was not taken. */
  constructor(
    site: SiteId,
    hub: PortlessHub,
    offered: (offer: Offer) => boolean,
    failed: (error: unknown) => void,
  ) {
    this.site = site;
    this.#hub = hub;
    this.#offered = offered;
    this.#failed = failed;
  }

  offer(offer: Offer): void {
    if (this.#offered(offer)) this.#answer(offer).catch(this.#failed);
  }

  readonly cancel = (): void => undefined;
  readonly runEnded = (): void => undefined;
  readonly drain = (): void => undefined;
  readonly close = (): void => undefined;

  async #answer(offer: Offer): Promise<void> {
    const { reader, intake } = this.#hub.areas;
    const { assignment, stage } = offer;
    const { base } = inputsOf(stage, assignment);
    const given = base && (await reader.bytesOf(base));
    if (base === undefined || given === undefined || !("inline" in given))
      throw new Error("There is no small model in the offer.");
    const plain: AnswerHeader = {
      opId: newOpId(),
      assignmentId: assignment.id,
      attempt: assignment.attempt,
      baseSha256: base.sha256,
      samples: 20,
      metrics: { loss: 1 },
      update: undefined,
      tensors: [],
      offset: 0,
      value: undefined,
      inline: undefined,
      stateFrom: "",
      behind: 1,
      dataVersion: "",
    };
    const inline = Buffer.from(given.inline);
    inline.writeFloatLE(offer.draw, inline.length - 4);
    const trained = {
      update: { sha256: hashBytes(inline), sizeBytes: inline.length },
      tensors: readHeader(inline).tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      inline,
    };
    const header = assignment.kind === "train" ? { ...plain, ...trained } : plain;
    await intake.receive(this.site, header, once(header.inline));
  }
}

async function* once(bytes: Buffer | undefined): AsyncGenerator<Uint8Array> {
  if (bytes !== undefined) yield await Promise.resolve(bytes);
}
