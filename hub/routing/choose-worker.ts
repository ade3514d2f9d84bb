import { parentPort } from "node:worker_threads";
import { type Choice, type ChoiceRequest, chooseSites } from "./choose.js";

parentPort?.on("message", ({ sites, wish, online, draw, history }: ChoiceRequest) => {
  const choice = chooseSites(sites, wish, (site) => online.has(site), draw, history);
  parentPort?.postMessage(choice satisfies Choice);
});
parentPort?.postMessage("ready");
