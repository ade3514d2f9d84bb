import { parentPort } from "node:worker_threads";
import { z } from "zod";
import { parseConfig } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import type { ReadDocument } from "./documents.js";
import { jsonForm } from "./forms.js";

function read(text: string): ReadDocument {
  try {
    return { value: parseConfig(text, "line", z.record(z.string(), jsonForm)) };
  } catch (thrown) {
    return { fault: ComityError.from(thrown).message.slice(0, 500) };
  }
}

parentPort?.on("message", (text: string) => parentPort?.postMessage(read(text)));
parentPort?.postMessage("ready");
