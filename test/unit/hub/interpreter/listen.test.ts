import assert from "node:assert/strict";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));
const listen = (to: string, more = ""): string => `do: [ { hear: { listen: { to: ${to}${more} } } } ]`;

describe("the interpreter: listen", () => {
  afterEach(() => run.replay());

  it("to one: the list of the one event's data", async () => {
    await start(listen("{ one: { with: { type: a } } }"));
    assert.deepEqual(run.names("waiting"), ["hear"]);
    assert.equal(await run.send("b", 1), 0);
    assert.equal(await run.send("a", { n: 1 }), 1);
    assert.deepEqual([run.status, run.output, run.listeners.size], ["completed", [{ n: 1 }], 0]);
  });

  it("reads the envelope where it is asked to", async () => {
    await start(listen("{ one: { with: { type: a } } }", ", read: envelope"));
    await run.send("a", { n: 1 }, { subject: "s" });
    assert.deepEqual(run.output, [
      { specversion: "1.0", id: "event-1", source: "/test", type: "a", data: { n: 1 }, subject: "s" },
    ]);
  });

  it("to any: the first that comes; an expression in a filter must give true over its attribute", async () => {
    const text = listen(
      "{ any: [ { with: { type: t, data: '${ .degrees > $input.limit }' } }, { with: { type: b } } ] }",
    );
    await start(text, { limit: 38 });
    assert.equal(await run.send("t", { degrees: 37 }), 0);
    await run.send("t", { degrees: 39 });
    assert.deepEqual(run.output, [{ degrees: 39 }]);
    await start(text, { limit: 38 });
    await run.send("b", 1);
    assert.deepEqual(run.output, [1]);
    await start(listen('{ one: { with: { type: "${ startswith(\\"a.\\") }" } } }'));
    assert.equal(await run.send("b.c", null), 0);
    assert.equal(await run.send("a.b", null), 1);
  });

  it("to all: each filter needs its event, in any order; a second one for the same filter is not taken", async () => {
    await start(listen("{ all: [ { with: { type: a } }, { with: { type: b } } ] }"));
    await run.send("b", 1);
    await run.send("b", 2);
    assert.equal(run.status, "running");
    await run.send("a", 3);
    assert.deepEqual(run.output, [1, 3]);
  });

  it("a correlation may be called like something that every object has", async () => {
    const filter = (type: string) =>
      `{ with: { type: ${type} }, correlate: { toString: { from: '\${ .subject }' } } }`;
    await start(listen(`{ all: [ ${filter("a")}, ${filter("b")} ] }`));
    await run.send("a", 1, { subject: "one" });
    assert.equal(await run.send("b", 2, { subject: "other" }), 0);
    await run.send("b", 3, { subject: "one" });
    assert.deepEqual([run.status, run.output], ["completed", [1, 3]]);
  });

  it("until a condition over what has been taken", async () => {
    await start(listen("{ any: [], until: '( . | length ) >= 3' }"));
    for (const n of [1, 2, 3]) await run.send("any", n);
    assert.deepEqual([run.status, run.output], ["completed", [1, 2, 3]]);
  });

  it("until other events, which are not in the output", async () => {
    await start(
      listen(
        "{ any: [ { with: { type: a } } ], until: { all: [ { with: { type: x } }, { with: { type: y } } ] } }",
      ),
    );
    await run.send("a", 1);
    await run.send("x", "x");
    await run.send("a", 2);
    await run.send("y", "y");
    assert.deepEqual([run.status, run.output], ["completed", [1, 2]]);
    await start(listen("{ any: [], until: { one: { with: { type: stop } } } }"));
    await run.send("a", 1);
    await run.send("stop", 2);
    assert.deepEqual(run.output, [1]);
  });

  it("correlates with what is expected, evaluated over the task's input", async () => {
    await start(
      listen(
        "{ one: { with: { type: a }, correlate: { run: { from: '${ .data.run }', expect: '${ .id }' }, fixed: { from: .subject, expect: s } } } }",
      ),
      { id: "r1" },
    );
    assert.deepEqual(run.listeners.get("l1"), [
      {
        with: { type: "a" },
        correlate: { run: { from: ".data.run", expect: "r1" }, fixed: { from: ".subject", expect: "s" } },
      },
    ]);
    assert.equal(await run.send("a", { run: "r2" }, { subject: "s" }), 0);
    assert.equal(await run.send("a", { run: "r1" }, { subject: "t" }), 0);
    await run.send("a", { run: "r1" }, { subject: "s" });
    assert.deepEqual(run.output, [{ run: "r1" }]);
  });

  it("without an expectation the first event fixes it, for all filters", async () => {
    const filter = (type: string): string =>
      `{ with: { type: ${type} }, correlate: { order: { from: .data.order } } }`;
    await start(listen(`{ all: [ ${filter("paid")}, ${filter("sent")} ] }`));
    await run.send("paid", { order: 7 });
    assert.deepEqual(run.listeners.get("l1")?.[1]?.correlate, { order: { from: ".data.order", expect: 7 } });
    assert.equal(await run.send("sent", { order: 8 }), 0);
    // One that was on its way before the filters changed.
    await run.apply({
      type: "event.received",
      listener: "l1",
      event: { specversion: "1.0", id: "x", source: "/", type: "sent", data: { order: 8 } },
      filters: [1],
    });
    assert.equal(run.status, "running");
    await run.send("sent", { order: 7 });
    assert.deepEqual(run.output, [{ order: 7 }, { order: 7 }]);
  });

  it("foreach takes one event after the other, and shapes what each gives", async () => {
    await start(`
      do:
        - hear:
            listen: { to: { any: [], until: '\${ ($context.sum // 0) >= 6 }' } }
            foreach:
              item: n
              at: i
              do:
                - ask: { call: 'work:1.0.0@default', with: { n: '\${ $n }', i: '\${ $i }' } }
              output: { as: '{ twice: ., n: $n }' }
              export: { as: '{ sum: (($context.sum // 0) + $n) }' }`);
    await run.send("a", 1);
    await run.send("a", 5);
    await run.send("a", 100);
    assert.deepEqual(run.call.argument, { n: 1, i: 0 });
    await run.complete(2);
    assert.deepEqual(run.call.argument, { n: 5, i: 1 });
    await run.complete(10);
    assert.deepEqual([run.status, run.listeners.size], ["completed", 0]);
    assert.deepEqual(run.output, [
      { twice: 2, n: 1 },
      { twice: 10, n: 5 },
    ]);
    assert.deepEqual(run.state?.context, { sum: 6 });
  });

  it("the last event is worked on before the task is done", async () => {
    await start(`
      do:
        - hear:
            listen: { to: { all: [ { with: { type: a } }, { with: { type: b } } ] } }
            foreach: { do: [ { ask: { call: 'work:1.0.0@default', with: { n: '\${ $item }' } } } ] }`);
    await run.send("a", 1);
    await run.send("b", 2);
    assert.equal(run.listeners.size, 0);
    await run.complete("one");
    assert.equal(run.status, "running");
    await run.complete("two");
    assert.deepEqual(run.output, ["one", "two"]);
  });

  it("a timeout closes the listener", async () => {
    await start("do: [ { hear: { listen: { to: { any: [] } }, timeout: { after: PT1M } } } ]");
    await run.pass(60_000);
    assert.deepEqual([run.status, run.error?.status, run.listeners.size], ["failed", 408, 0]);
  });

  it("keeps what it has heard when another branch fails and is retried", async () => {
    await start(`
      do:
        - both:
            fork:
              branches:
                - hear: { listen: { to: { all: [ { with: { type: a } }, { with: { type: b } } ] } } }
                - work: { call: 'work:1.0.0@default' }`);
    await run.send("a", 1);
    await run.fail({ type: "https://example.org/a", status: 500 });
    assert.equal(run.listeners.size, 0);
    await run.apply({ type: "run.retried", by: "me" });
    assert.equal(run.listeners.size, 1);
    await run.send("b", 2);
    await run.complete("done");
    assert.deepEqual(run.output, [[1, 2], "done"]);
  });

  it("the data of an event is data, whatever it looks like", async () => {
    await start(`
      do:
        - hear: { listen: { to: { one: { with: { type: a } } } } }
        - keep: { set: { got: '\${ .[0] }' } }`);
    await run.send("a", "${ $workflow.id }");
    assert.deepEqual(run.output, { got: "${ $workflow.id }" });
  });
});
