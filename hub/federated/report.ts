import type { RunFeed } from "#hub/runs/feed.js";
import type { Tx } from "#hub/store/tx.js";
import { counted, listWords } from "#kernel/words.js";
import type { Opening } from "./draft.js";
import type { Round } from "./round.js";
import type { RoundReport } from "./script.js";

/** How many rounds the run has when this call is done; undefined where nobody knows how many follow. */
const inAll = ({ round, position }: Round, rounds: number | undefined): number | undefined =>
  rounds === undefined ? undefined : round - position + rounds;

/** Says that a round begins, with the sites of its first stage. `rounds`: of its call, where that is known. */
export function tellBegin(
  feed: RunFeed,
  tx: Tx,
  round: Round,
  { stage, issues }: Opening,
  rounds: number | undefined,
): void {
  const sites = issues.map(({ site }) => site);
  const all = inAll(round, rounds);
  const number = all === undefined ? `${round.round}` : `${round.round} of ${all}`;
  const text = `Round ${number} begins at ${counted(sites.length, "site")}: ${listWords(sites)}.`;
  const data = { sites, left: stage.unasked, ...(all !== undefined && { rounds: all }) };
  feed.append(tx, { runId: round.runId, type: "round.started", round: round.round, text, data });
}

/** Says what a round has come to, and who was left out for what reason. */
export function tellEnd(
  feed: RunFeed,
  tx: Tx,
  round: Round,
  report: RoundReport,
  {
    rounds,
    nothing,
    nowMs,
  }: { readonly rounds: number | undefined; readonly nothing: string | undefined; readonly nowMs: number },
): void {
  const { sites, asked: of, samples, figures: metrics } = report;
  const { runId, round: number, startedAtMs } = round;
  const left = report.left.map(({ site, kind, state, reason }) => ({ site, kind, state, reason }));
  const all = inAll(round, rounds);
  const seconds = (nowMs - startedAtMs) / 1000;
  const data = { sites, of, ...(all !== undefined && { rounds: all }), samples, metrics, seconds, left };
  if (nothing !== undefined) {
    const text = `Round ${number} has come to nothing, and is done anew: ${nothing}`;
    feed.append(tx, { runId, type: "round.void", round: number, text, data });
    return;
  }
  const rows = samples === 0 ? "" : `, ${samples} rows`;
  const text = `Round ${number} is complete: ${sites.length} of ${of} sites${rows}.`;
  feed.append(tx, { runId, type: "round.completed", round: number, text, data });
}
