import { type Command, Option } from "commander";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { serve } from "../foreground.js";
import { freePort } from "../free-port.js";
import { type HubOptions, withHub } from "../hub.js";
import { plural, time } from "../render/format.js";
import { defaultLogFormat, type LogFormat, programLog } from "../render/log.js";
import { note, print, printAnswer, printJsonLine } from "../render/output.js";
import { renderFields } from "../render/table.js";

/** `comity hub …` */
export function hubCommand(): Command {
  const hub = command("hub", {
    summary: "set up and run a hub",
    examples: ["comity hub init ./hub --host hub.example.org", "comity hub start ./hub"],
  });
  return hub
    .addCommand(init())
    .addCommand(start())
    .addCommand(admin())
    .addCommand(migrate())
    .addCommand(show());
}

const init = (): Command =>
  command("init", {
    summary: "set up a new hub in a folder",
    description:
      "Makes the folder of a new hub: its configuration, its certificate authority, and the profile of its first operator.\nThe folder holds keys: keep it to yourself, and back it up.",
    examples: ["comity hub init ./hub", "comity hub init /srv/comity --name research --host hub.example.org"],
  })
    .argument("<dir>", "the hub's folder; empty or not there yet")
    .option("--name <name>", "the hub's name, for people", "comity")
    .option(
      "--host <names...>",
      "DNS names or addresses under which others reach this hub; the first one goes into join tokens",
    )
    .option(
      "--control-port <port>",
      "port for operators and joining sites; 0 takes a free one",
      wholeNumber(0, 65_535),
      7443,
    )
    .option(
      "--agent-port <port>",
      "port for agents (mutual TLS); 0 takes a free one",
      wholeNumber(0, 65_535),
      7444,
    )
    .option(
      "--database <address>",
      "a PostgreSQL database for its rows (postgres://USER@HOST/DATABASE) in place of a file in the folder",
    )
    .addOption(jsonOption())
    .action(async (dir: string, options: InitOptions) => {
      const { initHub } = await import("#hub/init.js");
      const port = async (wished: number): Promise<number> => (wished === 0 ? freePort() : wished);
      const made = await initHub(dir, {
        name: options.name,
        names: options.host ?? [],
        controlPort: await port(options.controlPort),
        agentPort: await port(options.agentPort),
        ...(options.database !== undefined && { database: options.database }),
      });
      const profile = await useAsDefault(made.profilePath);
      const { config, profilePath } = made;
      printAnswer(options, { dir, profilePath, ...config }, () =>
        [
          `The hub ${config.name} is set up in ${dir}; \`comity hub start ${dir}\` runs it.`,
          profile === undefined
            ? `Its first operator's profile is ${profilePath}: give it with --hub.`
            : `You are its first operator (${profile}).`,
        ].join("\n"),
      );
      if (options.host === undefined)
        note("Only this machine can reach it: for sites elsewhere set it up with --host NAME.");
    });

interface InitOptions {
  readonly name: string;
  readonly host?: readonly string[];
  readonly controlPort: number;
  readonly agentPort: number;
  readonly database?: string;
  readonly json?: true;
}

/** Makes a profile the default one where there is none yet, and gives its path then. */
async function useAsDefault(path: string): Promise<string | undefined> {
  const { defaultProfilePath, readProfile, writeProfile } = await import("#client/profile.js");
  const { readIfThere } = await import("#kernel/files.js");
  if ((await readIfThere(defaultProfilePath())) !== undefined) return undefined;
  await writeProfile(await readProfile(path));
  return defaultProfilePath();
}

/** The options of a program in the foreground. */
export interface ProgramOptions {
  readonly log?: LogFormat;
  readonly logLevel?: string;
  readonly exitWithParent?: true;
}

/** Adds the options that `hub start` and `agent start` share. */
export function programOptions(to: Command): Command {
  return to
    .addOption(
      new Option(
        "--log <format>",
        "how to log on standard error (default: text on a terminal, else json)",
      ).choices(["text", "json"]),
    )
    .addOption(
      new Option("--log-level <level>", "how much to log (default: as configured)").choices([
        "trace",
        "debug",
        "info",
        "warn",
        "error",
        "silent",
      ]),
    )
    .option(
      "--exit-with-parent",
      "stop when standard input closes, as it does when the program that started this one ends",
    );
}

const admin = (): Command =>
  command("admin", {
    summary: "give the operator `admin` a new token, with the hub stopped",
    description:
      "For whoever has the hub's folder: the way back in when the token of every admin is lost or has ended.\nThe new profile lies in DIR/operator.json; the old token of `admin` counts no more.",
    examples: ["comity hub admin ./hub", "comity operator list --hub ./hub/operator.json"],
  })
    .argument("<dir>", "the hub's folder")
    .addOption(jsonOption())
    .action(async (dir: string, options: { json?: true }) => {
      const { writeAdminProfile } = await import("#hub/init.js");
      const profilePath = await writeAdminProfile(dir);
      printAnswer(
        options,
        { profilePath },
        () => `The new profile of admin is ${profilePath}: give it with --hub.`,
      );
    });

const migrate = (): Command =>
  command("migrate", {
    summary: "move a hub's rows from SQLite to PostgreSQL or back, with the hub stopped",
    description:
      "Copies every row, compares the copy with what was copied, and then has hub.yaml name the new place. Runs go on from where they were at the next start.\nThe old database stays as it was; it is not used any more.",
    examples: [
      "comity hub migrate /srv/comity --to postgres://comity@db.example.org/comity",
      "comity hub migrate /srv/comity --to sqlite",
    ],
  })
    .argument("<dir>", "the hub's folder")
    .requiredOption(
      "--to <place>",
      "an empty PostgreSQL database (postgres://USER@HOST/DATABASE), or `sqlite`: a file in the folder",
    )
    .addOption(jsonOption())
    .action(async (dir: string, options: { to: string; json?: true }) => {
      const { migrateHub } = await import("#hub/migrate.js");
      const to = options.to === "sqlite" ? options.to : { postgres: options.to };
      const onTable = ({ table, rows }: { table: string; rows: number }) => {
        if (rows > 0) note(`${table}: ${plural(rows, "row")} copied and compared`);
      };
      const tables = await migrateHub({ dir, to, onTable });
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      printAnswer(options, { rows, tables }, () =>
        [
          `${plural(rows, "row")} of the hub in ${dir} are in ${options.to === "sqlite" ? "its folder" : "PostgreSQL"} now, and hub.yaml says so; \`comity hub start ${dir}\` goes on there.`,
          "The old database is as it was. Keep it until you have seen the hub run.",
        ].join("\n"),
      );
    });

const start = (): Command =>
  programOptions(
    command("start", {
      summary: "run a hub in the foreground",
      description:
        "Runs a hub until it is told to stop. SIGINT or SIGTERM stops it in good order within 10 s; a second one at once.",
      examples: ["comity hub start ./hub", "comity hub start /srv/comity --log json"],
    })
      .argument("<dir>", "the hub's folder, made by `comity hub init`")
      .option(
        "--accept-older",
        "go on with a database that is older than the folder; runs that have lost something are marked",
      ),
  ).action(async (dir: string, options: ProgramOptions & { acceptOlder?: true }) => {
    const { startHub } = await import("#hub/main.js");
    const { readHubConfig } = await import("#hub/config.js");
    const format = options.log ?? defaultLogFormat();
    const log = programLog("hub", format, options.logLevel ?? (await readHubConfig(dir)).log);
    await serve(
      async () => {
        const hub = await startHub({ dir, log, acceptOlder: options.acceptOlder === true });
        const { controlAddress: control, agentAddress: agents } = hub;
        if (format === "json") printJsonLine({ event: "ready", control, agents, pid: process.pid });
        else print(`The hub is ready: operators at ${control}, agents at ${agents}. Ctrl-C stops it.`);
        return hub;
      },
      { exitWithParent: options.exitWithParent === true },
    );
  });

const show = (): Command =>
  command("show", {
    summary: "show a running hub",
    examples: ["comity hub show", "comity hub show --hub ./hub/operator.json --json"],
  })
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: HubOptions & { json?: true }) => {
      const hub = await withHub(options, (client) => client.getHub());
      printAnswer(options, hub, () =>
        renderFields([
          ["hub", hub.name],
          ["version", hub.version],
          ["up since", time(hub.startedAtMs)],
          ["operators", hub.controlAddress],
          ["agents", hub.agentAddress],
          ["now", `${plural(hub.sitesOnline, "site")} online, ${plural(hub.runsRunning, "run")} running`],
        ]),
      );
    });
