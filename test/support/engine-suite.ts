import { after, it } from "mocha";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { newWorld, TestEngine, type World } from "./engines.js";
import type { OpenStore } from "./stores.js";

/** What a suite of tests of engines over one kind of database begins with. */
export function engineSuite(newPlace: () => Promise<OpenStore>) {
  const expressions = new JqExpressions();
  after(() => expressions.close());
  const engines: TestEngine[] = [];
  /** A test whose engines are stopped at its end, and all of their runs replayed. */
  const holds = (title: string, test: () => Promise<void>) =>
    it(title, async () => {
      try {
        await test();
        for (const { engine } of engines) await engine.stop();
        for (const one of engines) await one.verifyAll();
      } finally {
        for (const { engine } of engines.splice(0)) await engine.stop().catch(() => undefined);
      }
    });

  /** An engine in a new place; `again` stops it and opens the next one there. */
  async function opened(changes: Partial<World> = {}) {
    const place = await newPlace();
    const world = newWorld({ expressions, ...changes });
    const open = async () => {
      const one = new TestEngine(await place(), world);
      await one.engine.resume();
      engines.push(one);
      return one;
    };
    const again = async (before: TestEngine) => {
      engines.splice(engines.indexOf(before), 1);
      await before.engine.stop();
      await before.store.close();
      return open();
    };
    return { hub: await open(), again, world };
  }

  return { holds, opened };
}
