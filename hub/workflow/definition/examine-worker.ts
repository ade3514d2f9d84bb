import { parentPort } from "node:worker_threads";
import { examine } from "./examine.js";

parentPort?.on("message", (text: string) => {
  parentPort?.postMessage(examine(text));
});
parentPort?.postMessage("ready");
