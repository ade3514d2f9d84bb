import { parentPort } from "node:worker_threads";
import type { Said } from "#kernel/bounded-thread.js";
import { toFailure } from "#kernel/thread-failure.js";
import { connect } from "../data/datasets.js";
import { rowWorks } from "../steps/row-works.js";
import type { RowOrder, RowReply } from "./thread.js";

// The thread in which rows are read one by one.

async function answer({ kind: name, body, dataset, minCell }: RowOrder): Promise<RowReply> {
  const work = rowWorks.find(({ kind }) => kind.name === name);
  if (work === undefined) throw new Error(`no work over rows is of kind ${name}`);
  const { rows } = work.kind.facts(body);
  const fold = work.begin(body, { dataset: dataset.config.name, minCell });
  if (rows !== "none") await connect(dataset).scan(rows, fold);
  return { value: fold.end() };
}

const say = (message: RowReply | Said): void => parentPort?.postMessage(message);

parentPort?.on("message", (order: RowOrder) => {
  answer(order).then(say, (error: unknown) => say({ failure: toFailure(error) }));
});
say("ready");
