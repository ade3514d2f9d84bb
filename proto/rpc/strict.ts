import type { MessageTypeDefinition, MethodDefinition } from "@grpc/proto-loader";

type Decoder<T> = (bytes: Buffer) => T;
type Field = { readonly name: string; readonly type: string };

/**
 * Makes a protobufjs decoder strict: given a Node `Buffer` it silently cuts a string that is longer than the message
 * (`Math.min` in its reader_buffer.js), given a plain `Uint8Array` it throws. The `bytes` fields then come as plain
 * arrays, so those of the message itself are turned back into Buffers, without a copy.
 */
export function strictDecoder<T extends object>(
  decode: Decoder<T>,
  byteFields: readonly string[],
): Decoder<T> {
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

/** {@link strictDecoder} for both directions of a method. */
export function strictMethod(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  return {
    ...method,
    requestDeserialize: strictDecoder(method.requestDeserialize, bytesFields(method.requestType)),
    responseDeserialize: strictDecoder(method.responseDeserialize, bytesFields(method.responseType)),
  };
}

/** The names, in camel case, of a message's own fields of type `bytes`. */
export function bytesFields(type: MessageTypeDefinition<object, object>): string[] {
  return fieldsOf(type)
    .filter((field) => field.type === "TYPE_BYTES")
    .map((field) => field.name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()));
}

/** A message's fields from its descriptor, which proto-loader types as `object`. */
export function fieldsOf(type: MessageTypeDefinition<object, object>): Field[] {
  const { field } = type.type as { field: Field[] };
  return field;
}
