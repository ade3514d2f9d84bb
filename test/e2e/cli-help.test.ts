import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { after, before, describe, it } from "mocha";
import { agentCommand } from "#cli/commands/agent.js";
import { demoCommand } from "#cli/commands/demo.js";
import { hubCommand } from "#cli/commands/hub.js";
import { modelCommand } from "#cli/commands/model.js";
import { operatorCommand } from "#cli/commands/operator.js";
import { resultCommand } from "#cli/commands/result.js";
import { runCommand } from "#cli/commands/run.js";
import { siteCommand } from "#cli/commands/site.js";
import { trainCommand } from "#cli/commands/train.js";
import { comity } from "#test/support/cli.js";

const groups = [
  demoCommand(),
  hubCommand(),
  siteCommand(),
  agentCommand(),
  trainCommand(),
  runCommand(),
  resultCommand(),
  modelCommand(),
  operatorCommand(),
];

/** Every command of the tree by its words. */
const paths = (command: Command, above: readonly string[] = []): string[][] => {
  const words = [...above, command.name()];
  return [words, ...command.commands.flatMap((child) => paths(child, words))];
};

describe("comity's help", () => {
  it("names every group", async () => {
    const { code, stdout, stderr } = await comity(["--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const group of groups)
      assert.match(stdout, new RegExp(`^  ${group.name()} +${group.summary()}$`, "m"));
  });

  for (const words of groups.flatMap((group) => paths(group))) {
    it(`of \`${words.join(" ")}\` has an example`, async () => {
      const { code, stdout, stderr } = await comity([...words, "--help"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^Usage: comity ${words.join(" ")}`));
      assert.match(stdout, /\nExamples?:\n {2}\$ comity /);
    });
  }

  it("is an answer for people without a command, and a wrong use for programs", async () => {
    for (const words of [[], ["site"]]) {
      const { code, stdout, stderr } = await comity(words);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^Usage: comity /);
    }
  });

  it("shows the version of the package", async () => {
    const { code, stdout } = await comity(["--version"]);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe("wrong use", () => {
  const wrong: readonly (readonly [words: string[], stderr: string])[] = [
    [
      ["sit"],
      "error USAGE: Unknown command 'sit' (Did you mean site?)\nhint: The right form is `comity <command> [options]`; `comity --help` tells more.\n",
    ],
    [
      ["site", "invite"],
      "error USAGE: Missing required argument 'organisation/site'.\nhint: The right form is `comity site invite [options] <organisation/site>`; `comity site invite --help` tells more.\n",
    ],
    [["event", "publish"], "error USAGE: Unknown command 'publish'.\nhint: There is `comity event send`.\n"],
    [
      ["model", "remove", "digits"],
      "error USAGE: Unknown command 'remove'.\nhint: There are `comity model list`, `comity model show` and `comity model download`.\n",
    ],
    [
      ["site", "list", "--jsn"],
      "error USAGE: Unknown option '--jsn' (Did you mean --json?)\nhint: The right form is `comity site list [options]`; `comity site list --help` tells more.\n",
    ],
    [
      ["agent", "join", "TOKEN"],
      "error USAGE: Required option '--dir <dir>' not specified.\nhint: The right form is `comity agent join [options] <token>`; `comity agent join --help` tells more.\n",
    ],
    [
      ["run", "list", "--limit", "many"],
      "error USAGE: Option '--limit <number>' argument 'many' is invalid. It must be a whole number from 1 to 1000.\nhint: The right form is `comity run list [options]`; `comity run list --help` tells more.\n",
    ],
    [
      ["site", "invite", "acme/berlin", "--ttl", "soon"],
      "error USAGE: Option '--ttl <time>' argument 'soon' is invalid. It must be a span of time such as 90s, 30m or 2h.\nhint: The right form is `comity site invite [options] <organisation/site>`; `comity site invite --help` tells more.\n",
    ],
    [
      ["operator", "add", "anna", "--role", "boss"],
      "error USAGE: Option '--role <role>' argument 'boss' is invalid. Allowed choices are admin, coordinator, steward, auditor, viewer.\nhint: The right form is `comity operator add [options] <name>`; `comity operator add --help` tells more.\n",
    ],
    [
      ["agent", "doctor"],
      "error USAGE: There is nothing to check.\nhint: The right form is `comity agent doctor DIR`, or `comity agent doctor --token TOKEN` before joining.\n",
    ],
    [
      ["demo", "--kill", "site-9@2"],
      "error USAGE: --kill site-9@2 names what is not there.\nhint: The demo has the hub, site-1 to site-5, and 10 rounds.\n",
    ],
    [
      ["demo", "--rows", "300"],
      "error USAGE: 300 digits are too few for 5 sites.\nhint: Give --rows at least 500, or fewer --sites.\n",
    ],
  ];
  for (const [words, expected] of wrong) {
    it(`\`comity ${words.join(" ")}\` gets one sentence and the right command`, async () => {
      const { code, stdout, stderr } = await comity(words);
      assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: "", stderr: expected });
    });
  }
});

describe("exit codes by kind", () => {
  let folder = "";
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "comity-cli-"))));
  after(() => rm(folder, { recursive: true }));

  it("10: a plan that is wrong, told before any hub is asked", async () => {
    await writeFile(
      join(folder, "plan.yaml"),
      "dataset: { labels: { dataset: digits } }\nmodel: { name: mlp, input: [784], classes: 10 }\nround: 3\n",
    );
    const { code, stdout, stderr } = await comity(["train", "start", "plan.yaml"], { cwd: folder });
    assert.deepEqual(
      { code, stdout, stderr },
      {
        code: 10,
        stdout: "",
        stderr: 'error PLAN_INVALID: plan.yaml:3:1: unknown key "round"; did you mean "rounds"?\n',
      },
    );
  });

  it("10: no operator profile", async () => {
    const { code, stdout, stderr } = await comity(["site", "list"], { env: { COMITY_HOME: folder } });
    assert.equal(code, 10);
    assert.equal(stdout, "");
    assert.ok(
      stderr.startsWith(
        `error CONFIG_INVALID: There is no operator's profile at ${folder}/operator.json.\nhint: `,
      ),
      stderr,
    );
  });

  it("10: a model file that is damaged", async () => {
    await writeFile(join(folder, "m.safetensors"), "no model");
    const { code, stderr } = await comity(["model", "show", join(folder, "m.safetensors")]);
    assert.equal(code, 10);
    assert.match(stderr, /^error DATA_INVALID: .*m\.safetensors is no model file: /);
  });

  it("30: a token that is none", async () => {
    const { code, stderr } = await comity(["agent", "join", "-", "--dir", join(folder, "agent")], {
      input: "nonsense\n",
    });
    assert.equal(code, 30);
    assert.match(stderr, /^error TOKEN_INVALID: .*\nhint: /);
  });
});
