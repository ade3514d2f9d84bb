/** A message's fields as JSON has them. */
export type Plain = Readonly<Record<string, unknown>>;

interface Descriptor {
  readonly field: readonly FieldDescriptor[];
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly nestedType: readonly (Descriptor & { readonly name: string })[];
}

interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

const isRecord = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** The value with bytes where there were texts beginning with `hex:`. */
export function revive(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("hex:")) return Buffer.from(value.slice(4), "hex");
  if (Array.isArray(value)) return value.map(revive);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]))
    : value;
}

/** Whether a field with this value is the same as one that is not there. */
export function isZero(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (isRecord(value)) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false || value === null || value === undefined;
}

/** The fields without those that are zero, in the messages of it too. A message without any field set is there still, unlike a map. */
export function leftOut(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(leftOut);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !isZero(inner) || value["body"] === key)
      .map(([key, inner]) => [key, leftOut(inner)]),
  );
}

/** Number and type of each field of a message: `3 repeated uint32`, `8 Blob`, `1 Hello, oneof body`. */
export function signature(type: object): Record<string, string> {
  // proto-loader types descriptors as objects.
  const { field, oneofDecl, nestedType } = type as Descriptor;
  const [oneof, another] = oneofDecl;
  if (another !== undefined) throw new Error("A message with two oneofs: say here which field is in which.");
  return Object.fromEntries(
    field.map((one) => {
      const entry = nestedType.find(({ name }) => name === one.typeName);
      const many = one.label === "LABEL_REPEATED" ? "repeated " : "";
      const kind = entry === undefined ? many + word(one) : `map<${entry.field.map(word).join(", ")}>`;
      return [one.name, `${one.number} ${kind}${oneof === undefined ? "" : `, oneof ${oneof.name}`}`];
    }),
  );
}

/** A type's name as a .proto file has it. */
const word = ({ type, typeName }: FieldDescriptor): string =>
  type === "TYPE_MESSAGE" ? typeName : type.slice("TYPE_".length).toLowerCase();
