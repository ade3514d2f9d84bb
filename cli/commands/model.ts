import type { Command } from "commander";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { readModelFile } from "../model-file.js";
import { bytes } from "../render/format.js";
import { renderModelFile } from "../render/model-file.js";
import { printAnswer } from "../render/output.js";
import { renderModel, renderModels } from "../render/result.js";

/** `comity model …` */
export function modelCommand(): Command {
  const model = command("model", {
    summary: "list, show and download models",
    examples: ["comity model list", "comity model download digits --out digits.safetensors"],
  });
  return model.addCommand(list()).addCommand(show()).addCommand(download());
}

const list = (): Command =>
  command("list", { summary: "list all models", examples: ["comity model list --json"] })
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: HubOptions & { json?: true }) => {
      const { models } = await withHub(options, (hub) => hub.listModels());
      printAnswer(options, models, renderModels);
    });

const show = (): Command =>
  command("show", {
    summary: "show a model's versions, or what is in a model file",
    examples: ["comity model show digits", "comity model show ./digits.safetensors"],
  })
    .argument("<name|file>", "a model of the hub, or a file whose name ends in .safetensors")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (name: string, options: HubOptions & { json?: true }) => {
      if (name.endsWith(".safetensors")) {
        printAnswer(options, await readModelFile(name), renderModelFile);
        return;
      }
      const model = await withHub(options, (hub) => hub.getModel(name));
      printAnswer(options, model, renderModel);
    });

const download = (): Command =>
  command("download", {
    summary: "download a model version (safetensors), checked by its digest",
    examples: [
      "comity model download digits",
      "comity model download digits --version 3 --out digits-3.safetensors",
    ],
  })
    .argument("<name>", "the model's name")
    .option("--version <number>", "which version (default: the newest)", wholeNumber(1, 2 ** 31 - 1))
    .option("--out <file>", "where to write it (default: NAME.safetensors, or NAME-VERSION.safetensors)")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (name: string, options: HubOptions & { version?: number; out?: string; json?: true }) => {
      const wished = options.version ?? 0;
      const path = options.out ?? `${name}${wished === 0 ? "" : `-${wished}`}.safetensors`;
      const saved = await withHub(options, (hub) => hub.downloadModel(name, wished, path));
      printAnswer(options, { path, ...saved }, ({ version, sizeBytes, sha256 }) => {
        return `${name} version ${version} is in ${path} (${bytes(sizeBytes)}, SHA-256 ${sha256}).`;
      });
    });
