import type { BlobReader } from "#hub/blobs/reader.js";
import type { Models } from "#hub/models/service.js";
import type { Results } from "#hub/results/service.js";
import { parseRunId } from "#kernel/ids.js";
import type { ResultsHandlers } from "#proto/generated/comity/v1/Results.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { decodeOffset } from "./decode.js";
import { encodeModel, encodeResult } from "./encode.js";

interface Parts {
  readonly results: Results;
  readonly models: Models;
  readonly reader: BlobReader;
}

/** How many rows a list has when the caller does not say. */
export const listLimit = (limit: number): number => (limit === 0 ? 50 : Math.min(limit, 1000));

/** The service that gives out aggregated results and models. */
export function resultsService({ results, models, reader }: Parts): Implementation<ResultsHandlers> {
  return {
    async ListResults({ limit }) {
      return { results: (await results.list(listLimit(limit))).map(encodeResult) };
    },
    async GetResult({ runId }) {
      return encodeResult(await results.get(parseRunId(runId)));
    },
    async *WatchResult({ runId }, call) {
      for await (const result of results.watch(parseRunId(runId), call.signal)) yield encodeResult(result);
    },
    async ListModels() {
      return { models: (await models.list()).map(encodeModel) };
    },
    async GetModel({ model }) {
      return encodeModel(await models.get(model));
    },
    async *DownloadModel({ model, version, offset }) {
      const { blob } = await models.version(model, version);
      for await (const data of reader.read(blob.sha256, decodeOffset(offset))) yield { data };
    },
  };
}
