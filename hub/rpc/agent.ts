import type { AnswerIntake } from "#hub/assignments/intake.js";
import type { BlobReader } from "#hub/blobs/reader.js";
import { inputsOfSite } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";
import { parseAssignmentId, parseSha256, type SiteId } from "#kernel/ids.js";
import type { AgentHandlers } from "#proto/generated/comity/v1/Agent.js";
import type { UploadRequest__Output } from "#proto/generated/comity/v1/UploadRequest.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { wire } from "#proto/rpc/limits.js";
import { requireAgent } from "#proto/rpc/principal.js";
import { decodeHeader, decodeOffset } from "./decode.js";
import type { SessionDesk } from "./session.js";

interface Parts {
  readonly store: Store;
  readonly reader: BlobReader;
  readonly intake: AnswerIntake;
  readonly sessions: SessionDesk;
}

/** The service that the sites' agents call. */
export function agentService({ store, reader, intake, sessions }: Parts): Implementation<AgentHandlers> {
  return {
    Session: (messages, send, call) => sessions.serve(requireAgent(call), messages, send),
    async *Download(request, call) {
      const sha256 = parseSha256(request.sha256);
      const wanted = await inputsOfSite(store.db, requireAgent(call).site);
      if (!wanted.has(sha256)) {
        throw new ComityError(
          "BLOB_NOT_FOUND",
          `None of the site's open assignments names the blob ${sha256}.`,
          {
            hint: "Ask only for the inputs of an offer.",
          },
        );
      }
      for await (const data of reader.read(sha256, decodeOffset(request.offset))) yield { data };
    },
    async Upload(messages, call) {
      const { site } = requireAgent(call);
      const reader = messages[Symbol.asyncIterator]();
      const first = await reader.next();
      if (first.done === true || first.value.body !== "header" || first.value.header == null) {
        throw new ComityError("MESSAGE_INVALID", "An upload begins with its header.");
      }
      return intake.receive(site, decodeHeader(first.value.header), chunksOf(reader));
    },
    async StatBlob(request, call) {
      const site: SiteId = requireAgent(call).site;
      return {
        offset: await intake.storedBytes(
          site,
          parseAssignmentId(request.assignmentId),
          parseSha256(request.sha256),
        ),
      };
    },
  };
}

async function* chunksOf(reader: AsyncIterator<UploadRequest__Output>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await reader.next();
    if (next.done === true) return;
    const { value } = next;
    if (value.body !== "chunk" || value.chunk === undefined)
      throw new ComityError("MESSAGE_INVALID", "After its header an upload has chunks only.");
    if (value.chunk.length === 0 || value.chunk.length > wire.chunkBytes)
      throw new ComityError("MESSAGE_INVALID", "A chunk must not be empty, nor larger than 256 KiB.");
    yield value.chunk;
  }
}
