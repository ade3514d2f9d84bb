import type { Assignment } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import { listSites } from "#hub/store/sites.js";
import { lastOfSites } from "#hub/store/streams.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { DriverParts, Wait } from "./parts.js";

/**
 * Throws `SITES_TOO_FEW` when fewer sites have answered, work or may be asked than must stand behind what is taken of a stream, and none of
 * the others may still come back: those who are there would be asked for ever, in vain.
 */
export async function checkEnough(parts: DriverParts, stream: Stage, able: readonly SiteId[]): Promise<void> {
  const { stage, rule } = stream;
  const { atLeast } = rule;
  const sites = new Set(able);
  if (sites.size === 0 || sites.size >= atLeast) return;
  const others = (await lastTurns(parts, stream)).filter(({ site }) => !sites.has(site));
  const away = others.filter(({ untilMs }) => untilMs > parts.clock.nowMs());
  if (sites.size + away.length >= atLeast) return;
  throw new ComityError(
    "SITES_TOO_FEW",
    `The stream ${stage} needs ${atLeast} sites behind what is taken of it, and has ${sites.size}. ${reasonsOf(others)}`.trim(),
  );
}

/** Until when to wait for sites of a stream at which nobody works. Throws `QUORUM_LOST` when none of them will come back. */
export async function idle(parts: DriverParts, stream: Stage): Promise<Wait> {
  const last = await lastTurns(parts, stream);
  const untilMs = Math.max(...last.map((one) => one.untilMs));
  if (untilMs > parts.clock.nowMs()) return { untilMs };
  const text = `Nobody works for the stream ${stream.stage} any more. ${reasonsOf(last)}`;
  throw new ComityError("QUORUM_LOST", text.trim());
}

/** A site's last turn in a stream, and until when the site is waited for. */
type LastTurn = Pick<Assignment, "site" | "state" | "reason"> & { readonly untilMs: number };

async function lastTurns({ store, presence }: DriverParts, stream: Stage): Promise<readonly LastTurn[]> {
  const sites = (await listSites(store.db)).map(({ id }) => id);
  const last = await lastOfSites(store.db, stream, sites);
  return last.map(({ site, state, reason }) => {
    const untilMs = (presence.offlineSinceMs(site) ?? 0) + stream.rule.graceMs;
    return { site, state, reason, untilMs };
  });
}

const reasonsOf = (turns: readonly LastTurn[]): string =>
  turns.map(({ site, reason, state }) => `${site}: ${reason ?? state}`).join(" ");
