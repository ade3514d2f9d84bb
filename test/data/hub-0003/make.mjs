// Made hub.db.gz, blobs and expected.json, at the commit of release 0.1: `npm run build && node test/data/hub-0003/make.mjs`.
// Kept to be read. It is not run again: what a hub of release 0.1 leaves, a newer one does not.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { hubPaths } from "#hub/config.js";
import { trainingWorkflow } from "#hub/rounds/calls.js";
import { Database } from "#kernel/sqlite.js";
import { joinSite, startTestHub } from "#test/support/hub.js";
import { connectSites, finish, openOlderHub, scripts } from "#test/support/older-hub.js";
import { ScriptedSite } from "#test/support/scripted-site.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const model = { name: "mlp", input: [3], classes: 2, hidden: [4] };
const digits = { dataset: { labels: { dataset: "digits" } }, grace: "2m" };
const letters = { dataset: { labels: { dataset: "letters" } }, grace: "2m" };
const training = (name, plan) => trainingWorkflow(name, { name, model, ...plan });
const workflow = (name, ...tasks) => ({
  document: { dsl: "1.0.3", namespace: "test", name, version: "1.0.0" },
  do: tasks,
});
const round = (name, more) => ({
  call: "fed.round:1.0.0@default",
  with: { name, ...digits, model, ...more },
});
const goOn = "${ .model }";

/** What runs, by name, and what a site does with an offer of it other than to answer: `kind round site` and a deed. */
const runs = {
  collecting: [training("collecting", { ...digits, rounds: 3 }), { "train 2 acme/two": "accepted" }],
  cut: [training("cut", { ...digits, rounds: 2, evaluation: "none" }), { "train 1 acme/two": "cut" }],
  silent: [
    training("silent", { ...letters, rounds: 2, quorum: { min: 2 } }),
    { "train 1 acme/one": "offered", "train 1 acme/two": "refused", "train 1 zeta/three": "accepted" },
  ],
  delivered: [training("delivered", { ...letters, rounds: 1 }), { "train 1": "offered" }],
  aggregating: [training("aggregating", { ...letters, rounds: 2, seed: 5 }), { "train 1": "offered" }],
  evaluating: [training("evaluating", { ...digits, rounds: 2 }), { "evaluate 1 acme/two": "accepted" }],
  paused: [training("paused", { ...digits, rounds: 2 }), { "train 1 acme/one": "offered" }],
  loop: [
    workflow("loop", {
      improve: {
        for: { each: "n", in: "${ [1, 2, 3] }" },
        do: [{ round: round("loop", { seed: 3, model: `\${ .model // ${JSON.stringify(model)} }` }) }],
      },
    }),
    { "train 2 acme/two": "offered" },
  ],
  measuring: [
    workflow(
      "measuring",
      { train: round("measuring", { evaluation: "none" }) },
      { measure: { call: "fed.evaluate:1.0.0@default", with: { ...digits, model: goOn } } },
    ),
    { "evaluate 2 acme/one": "accepted" },
  ],
  waiting: [
    workflow(
      "waiting",
      { first: round("waiting", { ...letters, evaluation: "none" }) },
      { rest: { wait: { seconds: 30 } } },
      { second: round("waiting", { ...letters, model: goOn }) },
    ),
    {},
  ],
  caught: [
    workflow("caught", {
      attempt: {
        try: [{ many: round("caught", { quorum: { min: 2 }, evaluation: "none" }) }],
        catch: {
          errors: { with: { status: 424 } },
          do: [{ few: round("caught", { quorum: { min: 2, onShort: "proceed" } }) }],
        },
      },
    }),
    { "train 1 acme/two": "refused", "train 2 acme/one": "accepted" },
  ],
  completed: [training("completed", { ...letters, rounds: 3, local: { epochs: 2 }, seed: 7 }), {}],
  failed: [training("failed", { ...digits, rounds: 3 }), { "train 2 acme/two": "refused" }],
};

/** Changes the rows of a hub that is stopped. */
function change(hub, work) {
  const database = new Database(hubPaths(hub.dir).database);
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** Of these runs all answers come in while another one seems to be awaited: so they stop where the hub has not noticed yet. */
const noticed = "run_id in (select run_id from runs where name in ('delivered', 'aggregating'))";
const awaitOneMore = `
  insert into assignments
    select 'more.' || run_id, run_id, round, kind, site, state, attempt, base_sha256, base_bytes, created_at_ms, deadline_at_ms,
      null, null, null, null, null, 0, '{}', null, null, effect
    from assignments where site = 'acme/one' and ${noticed}`;
const awaitNoMore = `
  delete from assignments where assignment_id like 'more.%';
  update rounds set state = 'aggregating' where run_id in (select run_id from runs where name = 'aggregating')`;
/** What belongs to the keys of that hub, and what only it could use. */
const forgetKeys = `
  delete from certificates; delete from invitations; delete from operators; delete from owners;
  delete from operations where method in ('InviteSite', 'AddOperator')`;

const seconds = (count) => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function make(hub) {
  let deliver = false;
  const deed = ({ runName, assignmentId, kind, round }, site) => {
    if (assignmentId.startsWith("more.")) return "offered";
    if (deliver && ["delivered", "aggregating"].includes(runName)) return "answered";
    const deeds = runs[runName][1];
    return deeds[`${kind} ${round} ${site}`] ?? deeds[`${kind} ${round}`] ?? "answered";
  };
  const joined = [];
  for (const script of scripts) joined.push({ script, site: await joinSite(hub, script.site) });
  const connect = async () => {
    for (const { script, site } of joined)
      await new ScriptedSite(script, site, (offer) => deed(offer, script.site)).connect();
    await seconds(1);
  };
  await connect();
  for (const [name, [definition]] of Object.entries(runs)) {
    const { runId } = await hub.admin.startRun({ workflowSource: JSON.stringify(definition), name });
    if (name === "paused") await hub.admin.pauseRun({ runId, reason: "Maintenance." });
  }
  await seconds(8);
  await hub.stop();
  change(hub, (database) => database.exec(awaitOneMore));
  deliver = true;
  await hub.start();
  await connect();
  await seconds(3);
  await hub.stop();
  const copy = join(hub.dir, "copy.db");
  change(hub, (database) => {
    database.exec(awaitNoMore);
    database.exec(forgetKeys);
    database.prepare("vacuum into ?").run(copy);
  });
  await writeFile(join(folder, "hub.db.gz"), gzipSync(await readFile(copy), { level: 9 }));
  await rm(join(folder, "blobs"), { recursive: true, force: true });
  await cp(hubPaths(hub.dir).blobs, join(folder, "blobs"), { recursive: true });
  await mkdir(join(folder, "blobs", "incoming"), { recursive: true });
}

async function record(hub) {
  const expected = await finish(hub, folder, await connectSites(hub));
  await writeFile(join(folder, "expected.json"), `${JSON.stringify(expected, null, 2)}\n`);
}

for (const [open, work] of [
  [() => startTestHub(), make],
  [() => openOlderHub(folder), record],
]) {
  const hub = await open();
  try {
    await work(hub);
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}
