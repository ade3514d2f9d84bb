import { readFile } from "node:fs/promises";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { noJson, textLimits } from "#kernel/json.js";

/** The text of a file that the user named, or of standard input for `-`. Throws `code` when there is none, or more than 1 MiB of it. */
export async function readText(
  path: string,
  code: "CONFIG_INVALID" | "WORKFLOW_INVALID" | "ARGUMENT_INVALID",
): Promise<string> {
  const bytes = path === "-" ? await readAll(process.stdin) : await readPath(path, code);
  if (bytes.length > textLimits.maxBytes) throw new ComityError(code, `${path} is larger than 1 MiB.`);
  return bytes.toString("utf8");
}

/** A JSON value for an option or argument: the text itself where it is JSON, else the file of that name (`-` is standard input). */
export async function readJsonOption(given: string): Promise<string> {
  if (given !== "-" && isJson(given)) return given;
  if (/^\s*[[{"]/.test(given)) {
    throw new ComityError("ARGUMENT_INVALID", noJson(given), {
      hint: "A shell takes it as one word within single quotes: '{\"name\": 1}'.",
    });
  }
  return readText(given, "ARGUMENT_INVALID");
}

async function readPath(path: string, code: "CONFIG_INVALID" | "WORKFLOW_INVALID" | "ARGUMENT_INVALID") {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isSystemError(cause, "EISDIR")) throw new ComityError(code, `${path} is a folder.`, { cause });
    if (!isSystemError(cause, "ENOENT")) throw cause;
    throw new ComityError(code, `There is no file ${path}.`, { hint: "Check the path.", cause });
  }
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    parts.push(Buffer.from(part));
    size += part.length;
    if (size > textLimits.maxBytes) break;
  }
  return Buffer.concat(parts);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether an argument names a workflow file rather than a published workflow, whose name has no such ending. */
export const isWorkflowFile = (named: string): boolean => named === "-" || /\.(ya?ml|json)$/i.test(named);
