import type { Command } from "commander";
import { parseSiteId } from "#kernel/ids.js";
import { command, hubOption, jsonOption, keyValue, seconds } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { duration } from "../render/format.js";
import { note, printAnswer } from "../render/output.js";
import { renderSite, renderSites } from "../render/site.js";

/** `comity site …` */
export function siteCommand(): Command {
  const site = command("site", {
    summary: "invite, list and revoke sites",
    examples: ["comity site invite acme/berlin --label region=eu", "comity site list"],
  });
  return site.addCommand(invite()).addCommand(list()).addCommand(show()).addCommand(revoke());
}

const invite = (): Command =>
  command("invite", {
    summary: "print a join token for a new site",
    description:
      "Prints one join token on standard output. It lets one agent join, once, within its time to live.",
    examples: [
      "comity site invite acme/berlin",
      "comity site invite acme/berlin --label region=eu --ttl 30m > token",
    ],
  })
    .argument("<organisation/site>", "the site's name, for example acme/berlin")
    .option(
      "--label <key=value>",
      "a label that is kept with the site and shown; may be given several times",
      keyValue,
    )
    .option(
      "--ttl <time>",
      "how long the token can be used: 90s, 30m, 2h; at most 24h (default: 1h)",
      seconds,
    )
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(
      async (
        name: string,
        options: HubOptions & { label?: Record<string, string>; ttl?: number; json?: true },
      ) => {
        const reply = await withHub(options, (hub) =>
          hub.inviteSite({
            site: parseSiteId(name),
            labels: options.label ?? {},
            ttlSeconds: options.ttl ?? 0,
          }),
        );
        // To the minute: the call itself has taken some of the time.
        const left = duration(Math.round((reply.expiresAtMs - Date.now()) / 60_000) * 60_000);
        note(`A join token for ${reply.site}; it works once, for ${left}.`);
        note("At the site: comity agent join TOKEN --dir DIR");
        printAnswer(options, reply, ({ token }) => token);
      },
    );

const list = (): Command =>
  command("list", { summary: "list all sites", examples: ["comity site list", "comity site list --json"] })
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: HubOptions & { json?: true }) => {
      const { sites } = await withHub(options, (hub) => hub.listSites());
      printAnswer(options, sites, renderSites);
    });

const show = (): Command =>
  command("show", { summary: "show one site and its datasets", examples: ["comity site show acme/berlin"] })
    .argument("<organisation/site>", "the site's name")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (name: string, options: HubOptions & { json?: true }) => {
      const site = await withHub(options, (hub) => hub.getSite(parseSiteId(name)));
      printAnswer(options, site, renderSite);
    });

const revoke = (): Command =>
  command("revoke", {
    summary: "refuse a site from now on and cut its session",
    examples: ['comity site revoke acme/berlin --reason "the machine was stolen"'],
  })
    .argument("<organisation/site>", "the site's name")
    .requiredOption("--reason <text>", "why; it is kept, and the site sees it")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (name: string, options: HubOptions & { reason: string; json?: true }) => {
      const site = await withHub(options, (hub) =>
        hub.revokeSite({ site: parseSiteId(name), reason: options.reason }),
      );
      printAnswer(
        options,
        site,
        () => `${site.site} is revoked. \`comity site invite ${site.site}\` would let it join anew.`,
      );
    });
