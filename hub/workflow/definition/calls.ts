import type { ZodType } from "zod";
import { schemaFaults } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { pointerPart, valueAt } from "#kernel/json-pointer.js";
import { closestWord, didYouMean, listWords } from "#kernel/words.js";
import { functionName } from "./call-model.js";
import type { ExaminedDocument, PlacedCall } from "./examine.js";
import { hasExpression } from "./expressions.js";
import type { Finding, FindingCode } from "./finding.js";
import { quoted } from "./survey.js";

/** The functions that a hub has, as far as the linter needs to know. */
export interface FunctionCatalogue {
  readonly names: readonly string[];
  find(name: string): { readonly argument: ZodType; check?(argument: unknown): void } | undefined;
}

const exactVersion = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/** What is wrong with a call of a function: its name, its version, its argument. */
export function callFindings(
  call: PlacedCall,
  document: ExaminedDocument,
  functions: FunctionCatalogue,
): readonly Finding[] {
  const fault = nameFault(call.name, document, functions);
  if (fault !== undefined) return [at(call, "/call", fault.code, fault.message, fault.hint)];
  const found = functions.find(call.name);
  return found === undefined ? [] : argumentFindings(call, found);
}

interface Fault {
  readonly code: FindingCode;
  readonly message: string;
  readonly hint?: string;
}

function nameFault(
  text: string,
  { ownFunctions, catalogs }: ExaminedDocument,
  functions: FunctionCatalogue,
): Fault | undefined {
  if (functions.find(text) !== undefined && text.includes("@")) return undefined;
  const catalogued = functions.names.filter((name) => name.includes("@"));
  if (text.includes("://")) {
    return {
      code: "unsupported",
      message: "A function is called by its name in a catalog; an address is not fetched.",
      hint: `This hub has ${listWords(catalogued)}.`,
    };
  }
  const { name, version, catalog } = functionName(text);
  if (catalog !== undefined && catalog !== "default") {
    if (!catalogs.includes(catalog)) {
      const message = `There is no catalog in use.catalogs with the name ${quoted(catalog)}${didYouMean(catalog, [...catalogs, "default"]) || "."}`;
      return { code: "undefined-catalog", message, hint: "The hub's own catalog is called default." };
    }
    return {
      code: "unsupported",
      message: `This hub calls functions of its own catalog only: ${name} of ${quoted(catalog)} is not fetched.`,
    };
  }
  const same = catalogued.filter((one) => functionName(one).name === name);
  if (same.length === 0) {
    const known = [...ownFunctions, ...catalogued];
    const guess = didYouMean(text, known) || nameGuess(name, catalogued);
    const hint = known.length === 0 ? undefined : `There are ${listWords(known)}.`;
    const message = `There is no function ${quoted(text)}${guess || "."}`;
    return { code: "undefined-function", message, ...(hint === undefined ? {} : { hint }) };
  }
  const hint = `This hub has ${listWords(same)}.`;
  if (version === undefined || !exactVersion.test(version))
    return {
      code: "version-not-pinned",
      message: `The call of ${name} does not say one exact version.`,
      hint,
    };
  if (!same.some((one) => functionName(one).version === version))
    return {
      code: "undefined-function",
      message: `There is no version ${version} of the function ${name}.`,
      hint,
    };
  return { code: "undefined-catalog", message: `The call of ${name} does not say its catalog.`, hint };
}

/** A guess by the name alone, when the version is missing or another one. */
function nameGuess(name: string, catalogued: readonly string[]): string {
  const names = [...new Set(catalogued.map((one) => functionName(one).name))];
  const meant = closestWord(name, names);
  const full = catalogued.find((one) => functionName(one).name === meant);
  return full === undefined ? "" : `; did you mean ${JSON.stringify(full)}?`;
}

/** Expressions stand for values that nobody knows yet: what the schema says of them does not count. */
function argumentFindings(
  call: PlacedCall,
  found: { readonly argument: ZodType; check?(argument: unknown): void },
): readonly Finding[] {
  const argument = call.argument ?? {};
  const faults = schemaFaults(argument, found.argument).filter(({ path }) => {
    const parts = path.map((part) => pointerPart(String(part)));
    const whole = valueAt(argument, parts.map((part) => `/${part}`).join(""));
    const around = parts.map((_, length) =>
      valueAt(
        argument,
        parts
          .slice(0, length)
          .map((part) => `/${part}`)
          .join(""),
      ),
    );
    return (
      (whole === undefined || !hasExpression(whole)) && !around.some((value) => typeof value === "string")
    );
  });
  if (faults.length > 0) {
    return faults.map(({ path, message, unknownKey }) => {
      const pointer = ["/with", ...path.map((part) => `/${pointerPart(String(part))}`)].join("");
      return at(
        call,
        pointer,
        unknownKey ? "unknown-key" : "argument-invalid",
        `${call.name}: ${message}.`.replace("?.", "?"),
        undefined,
        unknownKey,
      );
    });
  }
  if (hasExpression(argument) || found.check === undefined) return [];
  try {
    found.check(found.argument.parse(argument));
    return [];
  } catch (thrown) {
    const { message, hint } = ComityError.from(thrown);
    return [at(call, "/with", "argument-invalid", `${call.name}: ${message}`, hint)];
  }
}

/** A finding at a part of the task, or at the nearest part around it that is there. */
function at(
  call: PlacedCall,
  pointer: string,
  code: FindingCode,
  message: string,
  hint?: string,
  key = false,
): Finding {
  let near = pointer;
  while (call.places[near] === undefined && near !== "") near = near.slice(0, near.lastIndexOf("/"));
  const places = call.places[near === "" ? "/call" : near];
  const place = (key ? places?.key : places?.value) ?? { line: 1, column: 1 };
  return {
    severity: "error",
    code,
    message,
    pointer: call.pointer + pointer,
    ...place,
    ...(hint === undefined ? {} : { hint }),
  };
}
