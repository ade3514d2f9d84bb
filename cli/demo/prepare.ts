import { join } from "node:path";
import { openHub } from "../hub.js";
import { count } from "../render/format.js";
import { renderTable } from "../render/table.js";
import { runComity } from "./child.js";
import { type Digits, readMnist } from "./mnist.js";
import type { DemoOptions } from "./options.js";
import type { Processes } from "./processes.js";
import { classCounts, type Share, shareOut } from "./share.js";
import type { DemoShow } from "./show.js";
import { writeSiteConfig, writeSiteData } from "./site-data.js";
import { forEachOf, siteId, siteName } from "./sites.js";
import type { Workspace } from "./workspace.js";

interface Stage {
  readonly workspace: Workspace;
  readonly processes: Processes;
  readonly show: DemoShow;
  readonly signal: AbortSignal;
}

/** Processes that start at the same time: more would only wait for each other. */
const atOnce = 4;

/** Shares the digits out, sets the hub up, lets every site join, and starts all of them. */
export async function prepareFederation(
  options: DemoOptions,
  { workspace, processes, show, signal }: Stage,
): Promise<void> {
  const { train, test } = await readMnist();
  const shares = shareOut(train, test, options);
  tellShares(options, train, shares, show);

  show.heading("Hub and sites, each a process of its own");
  await runComity(
    ["hub", "init", workspace.hub, "--name", "demo", "--control-port", "0", "--agent-port", "0"],
    // The profile of this hub is none of the user's own.
    { signal, env: { COMITY_HOME: workspace.hub } },
  );
  const { pid } = await processes.start("hub");
  show.step("hub", `hub     process ${pid ?? 0}, an authority of its own, TLS 1.3`, { pid });

  const sites = shares.map((share, at) => ({ share, number: at + 1 }));
  await forEachOf(sites, atOnce, async ({ share, number }) => {
    const folder = workspace.site(siteName(number));
    const input = await invite(workspace, number);
    await runComity(["agent", "join", "-", "--dir", folder], { signal, input });
    await writeSiteData(folder, train, share.train, test, share.test);
    await writeSiteConfig(folder);
    const agent = await processes.start(siteName(number));
    const text = `${siteName(number)}  process ${agent.pid ?? 0}, joined with a token, mutual TLS as ${siteId(number)}`;
    show.step("site", text, {
      site: siteId(number),
      pid: agent.pid,
      train: share.train.length,
      test: share.test.length,
    });
  });
}

async function invite(workspace: Workspace, number: number): Promise<string> {
  const hub = await openHub(join(workspace.hub, "operator.json"));
  try {
    return (await hub.inviteSite({ site: siteId(number), labels: {}, ttlSeconds: 600 })).token;
  } finally {
    hub.close();
  }
}

function tellShares(options: DemoOptions, train: Digits, shares: readonly Share[], show: DemoShow): void {
  const rows = shares.map((share, at) => ({
    number: at + 1,
    share,
    classes: classCounts(train.labels, share.train),
  }));
  show.heading(
    `${count(options.rows)} digits, shared out over ${options.sites} sites (${options.split}, seed ${options.seed})`,
  );
  if (options.json === true) {
    for (const { number, share, classes } of rows) {
      show.step("share", siteName(number), {
        site: siteId(number),
        train: share.train.length,
        test: share.test.length,
        classes,
      });
    }
    return;
  }
  const columns = [
    { title: "SITE", value: (row: (typeof rows)[number]) => siteName(row.number) },
    { title: "TRAIN", value: (row: (typeof rows)[number]) => count(row.share.train.length), right: true },
    { title: "TEST", value: (row: (typeof rows)[number]) => count(row.share.test.length), right: true },
    ...Array.from({ length: 10 }, (_, digit) => ({
      title: `"${digit}"`,
      value: (row: (typeof rows)[number]) => String(row.classes[digit] ?? 0),
      right: true,
    })),
  ];
  for (const line of renderTable(columns, rows).split("\n")) show.step("share", line);
}
