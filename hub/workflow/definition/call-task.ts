import { isObject } from "#kernel/json.js";
import { callArguments, templateObject, unsupportedProtocols } from "./call-forms.js";
import { callProtocols } from "./call-model.js";
import { checkCelText } from "./cel-texts.js";
import { anything, type Check, text } from "./checks.js";
import { taskForm } from "./task-keys.js";

const functionCall = taskForm("call", { call: text("call"), with: templateObject("with") });
const protocolCalls = Object.fromEntries(
  callProtocols.map((name) => [
    name,
    taskForm("call", { call: anything, with: callArguments[name] }, ["with"]),
  ]),
);

/** `call`: a protocol by its own form; a function by its name, whose argument is checked when all functions are known. */
export const callTask: Check = (spot) => {
  const value = isObject(spot.value) ? spot.value : {};
  const name = value["call"];
  const protocol =
    typeof name === "string" && Object.hasOwn(protocolCalls, name) ? protocolCalls[name] : undefined;
  const refusal =
    typeof name === "string" && Object.hasOwn(unsupportedProtocols, name)
      ? unsupportedProtocols[name]
      : undefined;
  if (refusal !== undefined) spot.child("call", value["call"] ?? null).error("unsupported", refusal);
  (protocol ?? functionCall)(spot);
  if (typeof name !== "string" || protocol !== undefined) return;
  if (!spot.survey.names.functions.includes(name)) spot.survey.calls.push({ name, pointer: spot.pointer });
  checkCelText(spot.child("with", value["with"] ?? null));
};
