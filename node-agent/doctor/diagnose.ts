import { existsSync } from "node:fs";
import { readBundle } from "#certs/bundle.js";
import { readJoinToken } from "#certs/join-token.js";
import { clientContext } from "#certs/tls.js";
import { silentLog } from "#kernel/log.js";
import { listWords } from "#kernel/words.js";
import { type AgentConfig, agentPaths, readAgentConfig } from "../config.js";
import { openDatasets } from "../data/datasets.js";
import { pauseSwitch } from "../policy/pause.js";
import { siteOf } from "../session/identity.js";
import { checkDates, findHub } from "../session/join.js";
import { createSteps, type Steps } from "../steps/index.js";
import { type Finding, fault, ill, well } from "./finding.js";
import { checkName, checkProxy, checkTls, type Port, portOf } from "./network.js";

const hourMs = 3_600_000;

/** Looks at everything that an agent needs: its folder, the way to the hub, clocks, certificate, data and back end. Changes nothing, and may run beside the agent. */
export async function diagnose(dir: string): Promise<Finding[]> {
  let config: AgentConfig;
  try {
    config = await readAgentConfig(dir);
  } catch (thrown) {
    const fix = existsSync(agentPaths(dir).config)
      ? "Correct what is named; docs/reference/configuration.md has every key."
      : "Join a hub first: comity agent join TOKEN --dir DIR.";
    return [fault("folder", thrown, fix)];
  }
  const found: Finding[] = [well("folder", `${agentPaths(dir).config} is valid.`)];
  found.push(...(await checkWay(dir, config)));
  found.push(...(await checkData(dir, config)));
  const steps = createSteps({
    datasets: [],
    backend: config.backend,
    minCell: config.policy.minCell,
    log: silentLog,
  });
  try {
    found.push(checkPolicy(dir, config, steps), await checkBackend(steps));
  } finally {
    await steps.close();
  }
  return found;
}

/** The same for a site that has not joined: the token, and the way to the hub that it names. Sends no token. */
export async function diagnoseToken(token: string, proxy?: string): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    const claims = readJoinToken(token);
    checkDates(claims, Date.now());
    const leftMs = claims.expiresAtMs - Date.now();
    if (leftMs <= 0)
      found.push(
        ill(
          "token",
          "The join token has expired.",
          "Ask the hub's operator for a new one: comity site invite.",
        ),
      );
    else
      found.push(
        well("token", `The join token is for ${claims.site} and ends in ${Math.ceil(leftMs / 60_000)} min.`),
      );
    const ports = claims.hub.map((target) => portOf("control port", target, proxy));
    for (const port of ports) found.push(await checkName(port), ...(await checkProxy(port)));
    const { hub, root } = await findHub(claims, proxy);
    found.push(well("tls", `The hub at ${hub} has the root that the token names.`));
    found.push(...(await checkTls(portOf("control port", hub, proxy), clientContext({ root }))));
  } catch (thrown) {
    found.push(
      fault(
        found.length === 0 ? "token" : "tls",
        thrown,
        "Ask the hub's operator for a new token: comity site invite.",
      ),
    );
  }
  return found;
}

async function checkWay(dir: string, config: AgentConfig): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    const ports: Port[] = [
      portOf("control port", config.hub, config.proxy),
      portOf("agent port", config.agentAddress, config.proxy),
    ];
    for (const port of ports) found.push(await checkName(port), ...(await checkProxy(port)));
    const bundle = await readBundle(agentPaths(dir).identity);
    if (bundle === undefined) {
      return [
        ...found,
        ill(
          "certificate",
          "There is no identity.pem.",
          "Join a hub first: comity agent join TOKEN --dir DIR.",
        ),
      ];
    }
    found.push(checkCertificate(siteOf(bundle.certificate), config.site, bundle));
    const { root, key, chain } = bundle;
    const [control, agent] = ports;
    if (control !== undefined) found.push(...(await checkTls(control, clientContext({ root }))));
    // One clock is enough.
    if (agent !== undefined) {
      const there = await checkTls(agent, clientContext({ root, identity: { key, chain } }));
      found.push(
        ...there.filter(
          ({ check }) => check !== "clock" || !found.some((finding) => finding.check === "clock"),
        ),
      );
    }
  } catch (thrown) {
    found.push(fault("folder", thrown, "Check agent.yaml and identity.pem."));
  }
  return found;
}

function checkCertificate(
  site: string,
  configured: string,
  dates: { notBeforeMs: number; notAfterMs: number },
): Finding {
  const nowMs = Date.now();
  const day = (timeMs: number): string => new Date(timeMs).toISOString();
  if (site !== configured) {
    return ill(
      "certificate",
      `The certificate is of ${site}, agent.yaml of ${configured}.`,
      "Put the certificate's site into agent.yaml.",
    );
  }
  if (nowMs < dates.notBeforeMs) {
    const detail = `The certificate is valid from ${day(dates.notBeforeMs)}; this machine's clock says ${day(nowMs)}.`;
    return ill("certificate", detail, "Set this machine's clock.");
  }
  if (nowMs > dates.notAfterMs) {
    const detail = `The certificate has expired, at ${day(dates.notAfterMs)}.`;
    return ill(
      "certificate",
      detail,
      "Start the agent: it renews it by itself within some days; after that, join again in the same folder.",
    );
  }
  return well(
    "certificate",
    `The certificate of ${site} is valid for ${((dates.notAfterMs - nowMs) / hourMs).toFixed(1)} h; the agent renews it.`,
  );
}

async function checkData(dir: string, config: AgentConfig): Promise<Finding[]> {
  const datasets = openDatasets(config.datasets, dir);
  if (datasets.length === 0) {
    return [
      ill(
        "data",
        "agent.yaml lists no dataset: there is nothing to work on.",
        "Add one under `datasets`, as its comment shows.",
      ),
    ];
  }
  return await Promise.all(
    datasets.map(async (dataset) => {
      try {
        await dataset.check();
        const { train, test } = await dataset.counts();
        return well("data", `${dataset.name}: ${train} rows to train on, ${test} to test on.`);
      } catch (thrown) {
        return fault("data", thrown, `Check the file and the columns of the dataset ${dataset.name}.`);
      }
    }),
  );
}

/** What the site's own rules leave of what this agent can do. */
function checkPolicy(dir: string, { policy }: AgentConfig, { steps }: Steps): Finding {
  if (pauseSwitch(dir, policy)())
    return ill(
      "policy",
      "The site has paused its agent: it does no work.",
      "Take the file `pause` out of the agent's folder, and `pause` out of agent.yaml.",
    );
  const done = steps.filter(
    ({ kind }) => policy.kinds.includes(kind.name) && policy.leaves.includes(kind.answer.leaves),
  );
  if (done.length === 0)
    return ill(
      "policy",
      "The site's own rules allow no work.",
      `Name under \`policy.kinds\` what the site shall do: ${listWords(steps.map(({ kind }) => kind.name))}.`,
    );
  return well("policy", `The site does ${listWords(done.map(({ kind }) => kind.name))}.`);
}

async function checkBackend(steps: Steps): Promise<Finding> {
  try {
    const { backend } = await steps.backend();
    return well("backend", `Training uses ${backend}.`);
  } catch (thrown) {
    return fault("backend", thrown, "Take `backend` out of agent.yaml.");
  }
}
