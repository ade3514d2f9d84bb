import protobuf, { type Enum, type Field, type Type } from "protobufjs";
import { checkValue, type Json, type JsonObject } from "#kernel/json.js";
import { didYouMean } from "#kernel/words.js";
import { callFailure } from "../failures.js";

/**
 * Encodes arguments as a message: names as in the proto or in camelCase, enums by name or number, 64-bit numbers as numbers or
 * texts, bytes in base64. Throws a failure of type `configuration` for what does not fit; protobufjs alone would leave it out.
 */
export function encodeMessage(type: Type, argument: JsonObject): Buffer {
  const value = message(type, argument);
  const fault = type.verify(value as Record<string, unknown>);
  if (fault !== null) throw misfit(`${type.name}: ${fault}`);
  return Buffer.from(type.encode(type.fromObject(value as Record<string, unknown>)).finish());
}

/** A message as JSON: camelCase, every field there; 64-bit numbers as text, enums by name, bytes in base64. Throws on bytes that are no message. */
export function decodeMessage(type: Type, bytes: Uint8Array): Json {
  const options = { longs: String, enums: String, bytes: String, defaults: true, json: true };
  const value = type.toObject(type.decode(new Uint8Array(bytes)), options) as Json;
  checkValue(value, "MESSAGE_INVALID");
  return value;
}

function message(type: Type, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => {
      const found = [name, protobuf.util.camelCase(name)].find((one) => Object.hasOwn(type.fields, one));
      const field = found === undefined ? undefined : type.fields[found];
      if (found !== undefined && field !== undefined) return [found, fieldValue(field, item)];
      const names = Object.keys(type.fields);
      throw misfit(`${type.name} has no field ${JSON.stringify(name)}${didYouMean(name, names) || "."}`);
    }),
  );
}

function fieldValue(field: Field, value: unknown): unknown {
  const one = (item: unknown) => single(field, item);
  if (field.repeated && Array.isArray(value)) return value.map(one);
  if (field.map && typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [key, one(item)]),
    );
  return one(value);
}

function single(field: Field, value: unknown): unknown {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) return message(resolvedType, value);
  if (resolvedType instanceof protobuf.Enum) return enumValue(field, resolvedType, value);
  if (type.includes("64") && typeof value === "string" && /^-?\d{1,20}$/.test(value))
    return long(BigInt(value), type.startsWith("u") || type === "fixed64") ?? value;
  return value;
}

/** The halves of a 64-bit number, as protobufjs takes them; undefined when it does not fit. */
function long(value: bigint, unsigned: boolean): object | undefined {
  if ((unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value)) !== value) return undefined;
  const half = (bits: bigint) => Number(BigInt.asIntN(32, bits));
  return { low: half(value), high: half(value >> 32n), unsigned };
}

function enumValue(field: Field, { values }: Enum, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (Object.hasOwn(values, value)) return values[value];
  const names = Object.keys(values);
  throw misfit(`${field.name} must be one of ${names.join(", ").slice(0, 200)}${didYouMean(value, names)}`);
}

const misfit = (detail: string): Error =>
  callFailure("configuration", "The arguments do not fit the method's message", { detail });
