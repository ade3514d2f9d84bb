import { parentPort } from "node:worker_threads";
import { DirectWriter, type WriterAnswer, type WriterOrder } from "./blob-writer.js";
import { toFailure } from "./failure.js";
import { Ring } from "./ring.js";

/** Takes the pieces of a blob out of the ring and writes them. */
async function write({ path, memory }: WriterOrder): Promise<WriterAnswer> {
  const ring = new Ring(memory);
  try {
    let writer: DirectWriter | undefined;
    ring.drain((piece) => {
      writer ??= new DirectWriter(path);
      writer.write(piece);
    });
    return { blob: await (writer ?? new DirectWriter(path)).finish() };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

parentPort?.on(
  "message",
  (order: WriterOrder) => void write(order).then((answer) => parentPort?.postMessage(answer)),
);
