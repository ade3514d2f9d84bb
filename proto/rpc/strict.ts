import type { MessageTypeDefinition, MethodDefinition } from "@grpc/proto-loader";
import { frameInPlace } from "./room.js";

type Decoder<T> = (bytes: Buffer) => T;
type Encoder<T> = (message: T) => Buffer;
type Field = { readonly name: string; readonly type: string; readonly number: number };

/**
 * Makes a protobufjs decoder strict: given a Node `Buffer` it silently cuts a string that is longer than the message
 * (`Math.min` in its reader_buffer.js), given a plain `Uint8Array` it throws. The `bytes` fields then come as plain
 * arrays, so those of the message itself are turned back into Buffers, without a copy.
 */
function strictDecoder<T extends object>(decode: Decoder<T>, byteFields: readonly string[]): Decoder<T> {
  return (bytes) => {
    // The declared parameter is a Buffer; protobufjs takes any Uint8Array, and the difference is the point.
    const message = decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) as Buffer);
    for (const name of byteFields) {
      const value: unknown = Reflect.get(message, name);
      if (value instanceof Uint8Array) {
        Reflect.set(message, name, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      }
    }
    return message;
  };
}

/** An encoder that does not copy a chunk which has room before it; protobufjs encodes everything else. */
function frugalEncoder<T extends object>(
  encode: Encoder<T>,
  type: MessageTypeDefinition<object, object>,
): Encoder<T> {
  const numbers = new Map(fieldsOf(type).map(({ name, number }) => [camelCase(name), number]));
  const candidates = new Set(bytesFields(type).filter((name) => (numbers.get(name) ?? 16) < 16));
  if (candidates.size === 0) return encode;
  return (message) => {
    const [only, more] = Object.entries(message);
    if (only === undefined || more !== undefined || !candidates.has(only[0])) return encode(message);
    const [name, value] = only as [string, unknown];
    const framed = value instanceof Uint8Array ? frameInPlace(numbers.get(name) ?? 0, value) : undefined;
    return framed ?? encode(message);
  };
}

/** {@link strictDecoder} and {@link frugalEncoder} for both directions of a method. */
export function strictMethod(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  return {
    ...method,
    requestSerialize: frugalEncoder(method.requestSerialize, method.requestType),
    responseSerialize: frugalEncoder(method.responseSerialize, method.responseType),
    requestDeserialize: strictDecoder(method.requestDeserialize, bytesFields(method.requestType)),
    responseDeserialize: strictDecoder(method.responseDeserialize, bytesFields(method.responseType)),
  };
}

/** The names, in camel case, of a message's own fields of type `bytes`. */
export function bytesFields(type: MessageTypeDefinition<object, object>): string[] {
  return fieldsOf(type)
    .filter((field) => field.type === "TYPE_BYTES")
    .map((field) => camelCase(field.name));
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** A message's fields from its descriptor, which proto-loader types as `object`. */
export function fieldsOf(type: MessageTypeDefinition<object, object>): Field[] {
  const { field } = type.type as { field: Field[] };
  return field;
}
