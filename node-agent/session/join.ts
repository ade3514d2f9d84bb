import { X509Certificate } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { type Bundle, checkBundle, readBundle, writeBundle } from "#certs/bundle.js";
import { type JoinClaims, joinTokenTtl, readJoinToken } from "#certs/join-token.js";
import { keyFromPem, keyToPem, newKey } from "#certs/keys.js";
import { fetchPinnedRoot } from "#certs/pin.js";
import { createRequest } from "#certs/request.js";
import { clientContext } from "#certs/tls.js";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory, readIfThere, writeFileAtomic } from "#kernel/files.js";
import type { SiteId } from "#kernel/ids.js";
import { comityVersion } from "#kernel/version.js";
import { listWords } from "#kernel/words.js";
import type { JoinReply__Output } from "#proto/generated/comity/v1/JoinReply.js";
import { parseAddress } from "#proto/rpc/address.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { openSocket, proxyFor } from "#proto/rpc/proxy.js";
import { agentPaths, initialConfig, readAgentConfig } from "../config.js";
import { siteOf } from "./identity.js";

/** For so long after a token's end the hub still repeats a reply that was lost. */
const repeatMs = 10 * 60_000;
/** Clocks may differ by so much. */
const skewMs = 5 * 60_000;
/** What a site may have put into the folder before it joins. */
const ownFolders: ReadonlySet<string> = new Set(["data"]);

export interface JoinOptions {
  /** As `comity site invite` printed it; white space from copying does no harm. */
  readonly token: string;
  /** The agent's folder: made if it is not there; empty, or of the same site. */
  readonly dir: string;
  /** As in agent.yaml. */
  readonly proxy?: string | undefined;
}

/** A site that has joined. */
export interface JoinedSite {
  readonly site: SiteId;
  /** `host:port` of the hub's control port. */
  readonly hub: string;
  /** `host:port` of the hub's agent port. */
  readonly agentAddress: string;
  readonly certificateExpiresAtMs: number;
  /** This machine's clock less the hub's, in milliseconds. */
  readonly clockSkewMs: number;
}

/**
 * Makes this folder an agent of the site that the token invites: checks what can be checked here, makes the key here, compares the
 * hub's root with the token's pin, and only then sends the token. It may be repeated with the same token after a lost reply.
 * Throws `DIRECTORY_INVALID`, `TOKEN_INVALID`, `TOKEN_USED`, `PIN_MISMATCH`, `HUB_UNREACHABLE`, `PROXY_INVALID`, `CERTIFICATE_INVALID`.
 */
export async function join({ token: text, dir, proxy }: JoinOptions): Promise<JoinedSite> {
  const { token, ...claims } = readJoinToken(text);
  checkDates(claims, Date.now());
  const paths = agentPaths(dir);
  await makeDirectory(dir);
  const present = await checkFolder(dir, claims.site);
  const known = (await readIfThere(paths.pendingKey)) ?? present?.key;
  let key = known ?? (await makePendingKey(paths.pendingKey));

  const { hub, root } = await findHub(claims, proxy);
  const channel = new RpcChannel({
    address: hub,
    tls: clientContext({ root }),
    proxy: proxyFor(parseAddress(hub), proxy),
  });
  const ask = (pem: string): Promise<JoinReply__Output> => {
    const request = {
      token,
      certificateRequest: createRequest(keyFromPem(pem)),
      agentVersion: comityVersion,
    };
    return channel.unary(EnrollmentService.definition.Join, request);
  };
  let reply: JoinReply__Output;
  try {
    reply = await ask(key).catch(async (error: unknown) => {
      // A key that is here already is the right one to repeat a join with. For the token of another invitation the hub wants a new one.
      const isUsed = error instanceof ComityError && error.code === "CERTIFICATE_REQUEST_INVALID";
      if (known === undefined || !isUsed) throw error;
      key = await makePendingKey(paths.pendingKey);
      return ask(key);
    });
  } finally {
    channel.close();
  }
  const bundle = checkReply(reply, key, root, claims.site);
  await writeBundle(paths.identity, bundle);
  if ((await readIfThere(paths.config)) === undefined) {
    const values = { hub, agentAddress: reply.agentAddress, site: claims.site, proxy };
    await writeFileAtomic(paths.config, initialConfig(values), 0o600);
  }
  await rm(paths.pendingKey, { force: true });
  return {
    site: claims.site,
    hub,
    agentAddress: reply.agentAddress,
    certificateExpiresAtMs: bundle.notAfterMs,
    clockSkewMs: Date.now() - reply.hubTimeMs,
  };
}

/** Throws `TOKEN_INVALID` when the token's dates and this machine's clock do not fit together. */
export function checkDates({ expiresAtMs }: Pick<JoinClaims, "expiresAtMs">, nowMs: number): void {
  const leftMs = expiresAtMs - nowMs;
  if (leftMs < -repeatMs) {
    throw new ComityError(
      "TOKEN_INVALID",
      `The join token has expired, at ${new Date(expiresAtMs).toISOString()}.`,
      {
        hint: `Ask the hub's operator for a new one (comity site invite). This machine's clock says ${new Date(nowMs).toISOString()}: set it if that is wrong.`,
      },
    );
  }
  if (leftMs > joinTokenTtl.maxSeconds * 1000 + skewMs) {
    throw new ComityError(
      "TOKEN_INVALID",
      "By this machine's clock the join token has not been written yet: the clock is behind.",
      {
        hint: `This machine's clock says ${new Date(nowMs).toISOString()}. Set it, and join again.`,
      },
    );
  }
}

/** The identity that the folder has already. Throws `DIRECTORY_INVALID` when the folder belongs to something else. */
async function checkFolder(dir: string, site: SiteId): Promise<Bundle | undefined> {
  const paths = agentPaths(dir);
  const bundle = await readBundle(paths.identity);
  if (bundle !== undefined) {
    const present = siteOf(bundle.certificate);
    if (present === site) return bundle;
    throw new ComityError(
      "DIRECTORY_INVALID",
      `${dir} belongs to the agent of ${present}; the token is for ${site}.`,
      {
        hint: "Give each site a folder of its own with --dir.",
      },
    );
  }
  const names = await readdir(dir);
  if ((await readIfThere(paths.config)) !== undefined) {
    const config = await readAgentConfig(dir);
    if (config.site === site) return undefined;
    throw new ComityError(
      "DIRECTORY_INVALID",
      `${paths.config} is of the site ${config.site}; the token is for ${site}.`,
      {
        hint: "Give each site a folder of its own with --dir.",
      },
    );
  }
  if (names.some((name) => paths.pendingKey.endsWith(name))) return undefined;
  const foreign = names.filter((name) => !ownFolders.has(name)).sort();
  if (foreign.length === 0) return undefined;
  throw new ComityError(
    "DIRECTORY_INVALID",
    `${dir} is not empty: it has ${listWords(foreign.slice(0, 3))}.`,
    {
      hint: "Give an empty folder with --dir; a folder named data may be in it.",
    },
  );
}

/** On the disk before it is used, so that a join whose reply is lost can be repeated with the same key. */
async function makePendingKey(path: string): Promise<string> {
  const pem = keyToPem(newKey());
  await writeFileAtomic(path, pem, 0o600);
  return pem;
}

/** The first of the token's addresses that answers, with its root as the pin has it. */
export async function findHub(
  claims: JoinClaims,
  proxySetting: string | undefined,
): Promise<{ hub: string; root: string }> {
  let unreachable: unknown;
  for (const hub of claims.hub) {
    const { host, port } = parseAddress(hub);
    const proxy = proxyFor({ host, port }, proxySetting);
    const via = proxy === undefined ? {} : { connect: () => openSocket(hub, proxy) };
    try {
      return { hub, root: await fetchPinnedRoot({ host, port, pins: claims.ca, ...via }) };
    } catch (error) {
      if (!(error instanceof ComityError) || error.code !== "HUB_UNREACHABLE") throw error;
      unreachable ??= error;
    }
  }
  throw unreachable;
}

function checkReply(reply: JoinReply__Output, key: string, pinnedRoot: string, site: SiteId): Bundle {
  const bundle = checkBundle({ key, chain: reply.certificateChain, root: reply.root });
  if (new X509Certificate(bundle.root).fingerprint256 !== new X509Certificate(pinnedRoot).fingerprint256) {
    throw new ComityError(
      "CERTIFICATE_INVALID",
      "The hub's certificate for this site is not under the root that the token names.",
      {
        hint: "Ask the hub's operator; nothing was written.",
      },
    );
  }
  const named = siteOf(bundle.certificate);
  if (named !== site || reply.site !== site) {
    throw new ComityError(
      "CERTIFICATE_INVALID",
      `The hub's certificate is for ${named}; the token is for ${site}.`,
      {
        hint: "Ask the hub's operator; nothing was written.",
      },
    );
  }
  return bundle;
}
