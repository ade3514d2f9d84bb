import { InvalidArgumentError } from "commander";

/** One process that the demo kills in the middle of a round. */
export interface Kill {
  /** `hub`, or the number of a site from 1. */
  readonly target: "hub" | number;
  readonly round: number;
}

/** `hub@3,site-2@5`: kill the hub in round 3 and the agent of site 2 in round 5. */
export function parseKills(text: string): Kill[] {
  return text.split(",").map((part) => {
    const [, name, site, round] = /^(hub|site-(\d{1,3}))@(\d{1,4})$/.exec(part.trim()) ?? [];
    if (name === undefined || Number(round) < 1) {
      throw new InvalidArgumentError(`Write what to kill and in which round, as in hub@3,site-2@5.`);
    }
    return { target: site === undefined ? "hub" : Number(site), round: Number(round) };
  });
}

/** What a kill ends, in words. */
export const killName = (target: Kill["target"]): string => (target === "hub" ? "the hub" : `site-${target}`);

/** The process that a kill ends: `hub` or `site-2`. */
export const processName = (target: Kill["target"]): string => (target === "hub" ? "hub" : `site-${target}`);
