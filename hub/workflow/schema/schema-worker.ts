import { parentPort } from "node:worker_threads";
import type { SchemaReply, SchemaRequest } from "./model.js";
import { violation } from "./validate.js";

parentPort?.on("message", ({ schema, value }: SchemaRequest) => {
  parentPort?.postMessage({ why: violation(schema, value) } satisfies SchemaReply);
});
parentPort?.postMessage("ready");
