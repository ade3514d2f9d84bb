import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { deferred } from "#kernel/async.js";
import { ComityError, exit } from "#kernel/errors.js";
import { readIfThere } from "#kernel/files.js";
import { parseJson } from "#kernel/json.js";
import { checkEvent, parseEvent } from "#proto/codec/cloud-event.js";
import { command, jsonOption } from "../command.js";
import { serve } from "../foreground.js";
import { renderFindings } from "../render/finding.js";
import { defaultLogFormat, programLog } from "../render/log.js";
import { print, printAnswer, printJsonLine } from "../render/output.js";
import { type ProgramOptions, programOptions } from "./hub.js";

/** `comity agent …` */
export function agentCommand(): Command {
  const agent = command("agent", {
    summary: "join a hub, run and check a site's agent",
    examples: [
      "comity agent join TOKEN --dir ./agent",
      "comity agent start ./agent",
      "comity agent emit ./agent --type org.example.batch.ready",
    ],
  });
  return agent.addCommand(join()).addCommand(start()).addCommand(emit()).addCommand(doctor());
}

const join = (): Command =>
  command("join", {
    summary: "let this site join a hub, with the token that its operator sent",
    description:
      "Makes the site's key in the folder, checks that the hub is the one that the token names, and gets a certificate.\nThe key never leaves the folder. The same command may be repeated when the answer was lost.",
    examples: ["comity agent join TOKEN --dir ./agent", "comity agent join - --dir ./agent < token"],
  })
    .argument(
      "<token>",
      "the join token; `-` reads it from standard input, where no other user of this machine sees it",
    )
    .requiredOption("--dir <dir>", "the agent's folder; made if it is not there")
    .addOption(proxyOption())
    .addOption(jsonOption())
    .action(async (token: string, options: { dir: string; proxy?: string; json?: true }) => {
      const { joinHub } = await import("#node-agent/main.js");
      const joined = await joinHub({ token: await tokenFrom(token), dir: options.dir, proxy: options.proxy });
      printAnswer(
        options,
        joined,
        () =>
          `This site is ${joined.site}. Say in ${options.dir}/agent.yaml where its data lies, then \`comity agent start ${options.dir}\`.`,
      );
    });

const start = (): Command =>
  programOptions(
    command("start", {
      summary: "run a site's agent in the foreground",
      description:
        "Runs the agent until it is told to stop. SIGINT or SIGTERM stops it in good order within 10 s; a second one at once.",
      examples: ["comity agent start ./agent", "comity agent start /srv/agent --log json"],
    }).argument("<dir>", "the agent's folder, made by `comity agent join`"),
  ).action(async (dir: string, options: ProgramOptions) => {
    const { startAgent } = await import("#node-agent/main.js");
    const format = options.log ?? defaultLogFormat();
    const log = programLog("agent", format, options.logLevel ?? "info");
    await serve(
      async () => {
        const ready = deferred();
        const agent = await startAgent({ dir, log, onReady: ready.resolve });
        void ready.promise.then(() => {
          if (format === "json") printJsonLine({ event: "ready", site: agent.site, pid: process.pid });
          else print(`The agent of ${agent.site} is connected to its hub. Ctrl-C stops it.`);
        });
        return agent;
      },
      { exitWithParent: options.exitWithParent === true },
    );
  });

interface EmitOptions {
  readonly type?: string;
  readonly data?: string;
  readonly subject?: string;
  readonly source?: string;
  readonly id?: string;
  readonly json?: true;
}

const emit = (): Command =>
  command("emit", {
    summary: "send an event of this site to the workflows that wait for it",
    description:
      "Leaves the event in the folder `events` of the agent, which sends it at once, or as soon as it runs and reaches its hub. What the event lacks is filled in; its source is the site. docs/reference/events.md tells more.",
    examples: [
      "comity agent emit ./agent --type org.example.batch.ready --data '{\"rows\": 1200}'",
      "comity agent emit ./agent event.json",
      "make-event | comity agent emit ./agent -",
    ],
  })
    .argument("<dir>", "the agent's folder")
    .argument("[event]", "an event in JSON (CloudEvents 1.0): a file, or `-` for standard input")
    .option("--type <type>", "the event's type")
    .option("--data <json>", "its data, in JSON")
    .option("--subject <text>", "what it is about")
    .option("--source <path>", "where at the site it comes from")
    .option("--id <id>", "its id: the same id again is the same event")
    .addOption(jsonOption())
    .action(async (dir: string, event: string | undefined, options: EmitOptions) => {
      const { emitEvent } = await import("#node-agent/main.js");
      const { type, subject, source, id, data } = options;
      const attributes = Object.entries({ type, subject, source, id }).filter(
        ([, value]) => value !== undefined,
      );
      const given = event === undefined ? {} : parseEvent(await eventText(event));
      const emitted = await emitEvent(
        dir,
        checkEvent({
          ...given,
          ...Object.fromEntries(attributes),
          ...(data !== undefined && { data: parseJson(data, "EVENT_INVALID") }),
        }),
      );
      printAnswer(options, emitted, () => `The event ${emitted.id} is left for the agent of ${dir}.`);
    });

/** The text of a file, or of standard input. */
async function eventText(path: string): Promise<string> {
  if (path === "-") return await text(process.stdin);
  const found = await readIfThere(path);
  if (found !== undefined) return found;
  throw new ComityError("EVENT_INVALID", `There is no file ${path}.`, {
    hint: "Give a file with an event, or its parts with --type and --data.",
  });
}

const doctor = (): Command =>
  command("doctor", {
    summary: "check what an agent needs, and say what to fix",
    description: "Checks clock, names, proxy, TLS, token or certificate, and data. It changes nothing.",
    examples: ["comity agent doctor ./agent", "comity agent doctor --token TOKEN"],
  })
    .argument("[dir]", "the agent's folder")
    .option("--token <token>", "check a join token before joining; `-` reads it from standard input")
    .addOption(proxyOption())
    .addOption(jsonOption())
    .action(async (dir: string | undefined, options: { token?: string; proxy?: string; json?: true }) => {
      if (dir === undefined && options.token === undefined) {
        throw new ComityError("USAGE", "There is nothing to check.", {
          hint: "The right form is `comity agent doctor DIR`, or `comity agent doctor --token TOKEN` before joining.",
        });
      }
      const { diagnose, diagnoseToken } = await import("#node-agent/main.js");
      const found =
        options.token === undefined ? [] : await diagnoseToken(await tokenFrom(options.token), options.proxy);
      if (dir !== undefined) found.push(...(await diagnose(dir)));
      printAnswer(options, found, renderFindings);
      if (found.some(({ ok }) => !ok)) process.exitCode = exit.config;
    });

const proxyOption = (): Option =>
  new Option(
    "--proxy <url>",
    "http://host:port of a proxy that takes CONNECT, or none (default: HTTPS_PROXY and NO_PROXY)",
  );

/** A token as given, or from standard input. */
async function tokenFrom(given: string): Promise<string> {
  return given === "-" ? (await text(process.stdin)).trim() : given.trim();
}
