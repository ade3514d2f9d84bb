import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { after, describe, it } from "mocha";
import { BoundedThread, type ThreadOptions } from "#kernel/bounded-thread.js";
import { ComityError } from "#kernel/errors.js";

/** Doubles a number; does not come back from a negative one, and ends at 0. */
const script = `
  import { parentPort } from "node:worker_threads";
  parentPort.on("message", (number) => {
    while (number < 0);
    if (number === 0) process.exit();
    parentPort.postMessage({ double: 2 * number });
  });
  parentPort.postMessage("ready");
`;

describe("a thread with a bound", () => {
  const make = () =>
    new BoundedThread<number, { readonly double: number }>(
      new URL(`data:text/javascript,${encodeURIComponent(script)}`),
      "tests",
    );
  const thread = make();
  after(() => thread.close());

  it("gives up what takes too long, lets its caller go on meanwhile, and answers the next request", async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    const answers = await Promise.all([thread.run(1, 10_000), thread.run(-1, 200), thread.run(2, 10_000)]);
    clearInterval(ticking);
    assert.deepEqual(answers, [{ double: 2 }, "late", { double: 4 }]);
    assert.ok(turns > 3, `${turns} turns`);
  });

  it("says so when its script ends, and starts another", async () => {
    await assert.rejects(thread.run(0, 10_000), { code: "INTERNAL", message: /thread of tests has ended/ });
    assert.deepEqual(await thread.run(3, 10_000), { double: 6 });
  });

  it("takes nothing after it was closed", async () => {
    const closed = make();
    await closed.close();
    await assert.rejects(closed.run(1, 10_000), /has been closed/);
  });
});

/** Says what it was started with; then does what a request says. */
const talker = `
  import { parentPort, workerData } from "node:worker_threads";
  import { toFailure } from ${JSON.stringify(new URL("../../../kernel/thread-failure.js", import.meta.url).href)};
  const say = (message) => parentPort.postMessage(message);
  if (workerData.broken) say({ failure: { message: "no engine", code: "BACKEND_UNAVAILABLE", hint: "Get one." }, broken: true });
  parentPort.on("message", ({ news = [], failure, broken, exit, hang }) => {
    for (const one of news) say({ news: one });
    if (hang) for (;;);
    if (exit) process.exit(3);
    if (failure) say({ failure: toFailure(Object.assign(new Error(failure), { code: failure })), broken });
    else say({ done: news.length });
  });
  if (!workerData.broken) say({ ready: { data: workerData.name, path: typeof process.env.PATH } });
`;

interface Wish {
  readonly news?: readonly string[];
  readonly failure?: string;
  readonly broken?: boolean;
  readonly exit?: true;
  readonly hang?: true;
}
interface Found {
  readonly data: string;
  readonly path: string;
}

describe("a thread without a bound", () => {
  const url = new URL(`data:text/javascript,${encodeURIComponent(talker)}`);
  const open: BoundedThread<Wish, { readonly done: number }, string, Found>[] = [];
  after(() => Promise.all(open.map((thread) => thread.close())));
  function make(options: ThreadOptions<Found> = {}) {
    const thread = new BoundedThread<Wish, { readonly done: number }, string, Found>(url, "talks", {
      workerData: { name: "box" },
      ...options,
    });
    open.push(thread);
    return thread;
  }

  it("tells what its script has found at its start, and has the environment only where it is shared", async () => {
    const found: Found[] = [];
    const thread = make({ onReady: (ready) => found.push(ready) });
    assert.deepEqual(await thread.ready(), { data: "box", path: "undefined" });
    await thread.ask({});
    assert.equal(found.length, 1);
    assert.equal((await make({ sharesEnvironment: true }).ready()).path, "string");
  });

  it("passes news on before the reply, to the request that they are of", async () => {
    const thread = make();
    const told: string[][] = [[], []];
    const replies = await Promise.all([
      thread.ask({ news: ["a", "b"] }, (news) => told[0]?.push(news)),
      thread.ask({ news: ["c"] }, (news) => told[1]?.push(news)),
    ]);
    assert.deepEqual(replies, [{ done: 2 }, { done: 1 }]);
    assert.deepEqual(told, [["a", "b"], ["c"]]);
  });

  it("throws a failure with its code, and goes on with the same script", async () => {
    let starts = 0;
    const thread = make({ onReady: () => starts++ });
    await assert.rejects(
      thread.ask({ failure: "DISK_FULL" }),
      (error: unknown) =>
        error instanceof ComityError && error.code === "DISK_FULL" && error.cause !== undefined,
    );
    await assert.rejects(thread.ask({ failure: "ENOENT" }), { code: "ENOENT", message: "ENOENT" });
    assert.deepEqual(await thread.ask({}), { done: 0 });
    assert.equal(starts, 1);
  });

  it("leaves a script that calls itself broken, and one that has ended, and starts another", async () => {
    const broken: unknown[] = [];
    let starts = 0;
    const thread = make({
      onReady: () => starts++,
      onBroken: (cause) => broken.push(cause),
      ended: (cause) => new Error("gone", { cause }),
    });
    await assert.rejects(thread.ask({ failure: "EBADF", broken: true }), { code: "EBADF" });
    await assert.rejects(thread.ask({ exit: true }), { message: "gone" });
    assert.deepEqual(await thread.ask({}), { done: 0 });
    assert.equal(starts, 3);
    assert.deepEqual(
      broken.map((cause) => (cause as Error).message),
      ["EBADF", "It ended with exit code 3."],
    );
  });

  it("fails whoever waits for a script that cannot start, with its reason", async () => {
    const thread = make({ workerData: { broken: true } });
    const refused = { code: "BACKEND_UNAVAILABLE", message: "no engine", hint: "Get one." };
    await assert.rejects(thread.ready(), refused);
    await assert.rejects(thread.ask({}), refused);
  });

  it("ends by force what it is at, with a reason; the next request has a new script", async () => {
    const thread = make();
    await thread.ready();
    const hanging = assert.rejects(thread.ask({ hang: true }), /enough/);
    const next = thread.ask({ news: ["x"] });
    await sleep(20);
    await thread.end(new Error("enough"));
    await hanging;
    assert.deepEqual(await next, { done: 1 });
  });

  it("fails all that waits when it is closed, with the reason", async () => {
    const thread = make();
    await thread.ready();
    const all = [thread.ask({ hang: true }), thread.ask({})].map((one) => assert.rejects(one, /stopping/));
    await sleep(20);
    await thread.close(new Error("stopping"));
    await Promise.all(all);
    await assert.rejects(thread.ready(), /stopping/);
  });

  it("keeps a process alive while somebody waits for it, and not longer", async () => {
    const module = new URL("../../../kernel/bounded-thread.js", import.meta.url).href;
    const code = `
      import { BoundedThread } from ${JSON.stringify(module)};
      const thread = new BoundedThread(new URL(${JSON.stringify(url.href)}), "talks", { workerData: { name: "box" } });
      thread.ready().then(() => thread.ask({ news: ["x"] }, console.log)).then(() => console.log("end"));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
      timeout: 20_000,
    });
    assert.equal(stdout, "x\nend\n");
  });
});
