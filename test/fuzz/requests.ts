import type { MessageTypeDefinition } from "@grpc/proto-loader";
import fc from "fast-check";
import { packageDefinition } from "#proto/rpc/definitions.js";

/** A field as its descriptor has it. */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly typeName: string;
  readonly oneofIndex?: number;
}

interface Descriptor {
  readonly field: readonly Field[];
  readonly nestedType: readonly Descriptor[];
  readonly name: string;
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean } | null;
}

const texts: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "null",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "a/b/c/d",
  "acme/",
  "/",
  "a\u0000b",
  "\u202Etxt.exe",
  "\u001b[2J",
  "'; drop table runs; --",
  '{"a":',
  "[]",
  "{}",
  "${ . }",
  "%00%ff",
  "ä".normalize("NFD"),
  "x".repeat(5_000),
  "\n".repeat(1_000),
  "f".repeat(64),
  "F".repeat(64),
  "00000000-0000-7000-8000-000000000000",
  "99999999999999999999",
];

const numbers: readonly number[] = [
  0,
  1,
  -1,
  2,
  255,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  -(2 ** 53),
];
const doubles: readonly number[] = [...numbers, 0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e308, 5e-324];

/** What is right for a field, by its name: with it a call comes further than to its first check. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** Requests of a type with every field as hostile as its type allows, left out, or right. */
export const hostileRequest = (type: object, known: Known): fc.Arbitrary<object> =>
  message(type as Descriptor, known, 0);

function message(type: Descriptor, known: Known, depth: number): fc.Arbitrary<object> {
  // Of those that exclude each other at most one is set, and named as proto-loader wants it.
  const groups = new Map<string, Field[]>();
  for (const field of type.field) {
    const { oneofIndex } = field;
    const isOneof = oneofIndex !== undefined && oneofIndex >= 0 && type.oneofDecl[oneofIndex] !== undefined;
    const group = isOneof ? `one of ${oneofIndex}` : field.name;
    groups.set(group, [...(groups.get(group) ?? []), field]);
  }
  const parts = [...groups.values()].map((fields) => {
    const each = fields.map((field) =>
      values(type, field, known, depth).map((value): object => {
        const name = camelCase(field.name);
        const oneof = fields.length > 1 ? type.oneofDecl[field.oneofIndex ?? -1] : undefined;
        return { [name]: value, ...(oneof !== undefined && { [camelCase(oneof.name)]: name }) };
      }),
    );
    return fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: fc.oneof(...each) });
  });
  return fc.tuple(...parts).map((chosen) => Object.assign({}, ...chosen) as object);
}

function values(of: Descriptor, field: Field, known: Known, depth: number): fc.Arbitrary<unknown> {
  const one = value(field, known, depth);
  if (field.label !== "LABEL_REPEATED") return one;
  const entry = of.nestedType.find(
    ({ name, options }) => options?.mapEntry === true && field.typeName.endsWith(name),
  );
  if (entry !== undefined) {
    const inner = entry.field.find(({ name }) => name === "value");
    const held = inner === undefined ? fc.constant("") : value(inner, known, depth + 1);
    return fc.dictionary(fc.constantFrom(...texts), held, { maxKeys: 4 });
  }
  return fc.oneof(
    { weight: 9, arbitrary: fc.array(one, { maxLength: 3 }) },
    { weight: 1, arbitrary: one.map((same) => new Array<unknown>(300).fill(same)) },
  );
}

function value({ name, type, typeName }: Field, known: Known, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "TYPE_STRING":
      return fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...(known[camelCase(name)] ?? texts)) },
        { weight: 1, arbitrary: fc.constantFrom(...texts) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
      );
    case "TYPE_BYTES":
      return fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    case "TYPE_BOOL":
      return fc.boolean();
    case "TYPE_DOUBLE":
    case "TYPE_FLOAT":
      return fc.constantFrom(...doubles);
    case "TYPE_MESSAGE": {
      const inner =
        packageDefinition[typeName.replace(/^\./, "")] ?? packageDefinition[`comity.v1.${typeName}`];
      if (inner === undefined || !("type" in inner) || depth > 4) return fc.constant({});
      return message((inner as MessageTypeDefinition<object, object>).type as Descriptor, known, depth + 1);
    }
    default:
      return fc.constantFrom(...numbers);
  }
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
