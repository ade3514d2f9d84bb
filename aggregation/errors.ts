/** The codes that this room raises; each is also a code of the kernel's catalogue. */
type AggregationErrorCode =
  | "UPDATE_MALFORMED"
  | "UPDATE_SCHEMA_WRONG"
  | "UPDATE_NOT_FINITE"
  | "MODEL_INVALID"
  | "SITES_TOO_FEW"
  | "FOLD_OVERFLOW"
  | "ARGUMENT_INVALID";

/** Where in the input the fault lies. */
interface AggregationErrorPlace {
  /** The tensor's name, as it came from outside: escape it before it is printed. */
  readonly tensor?: string;
  /** The value's place within the tensor, or the layer's within the model; from 0. */
  readonly index?: number;
}

/** Every error that this room raises on purpose. The message is safe to print. */
export class AggregationError extends Error {
  override readonly name = "AggregationError";
  readonly code: AggregationErrorCode;
  readonly tensor?: string;
  readonly index?: number;

  constructor(code: AggregationErrorCode, message: string, place: AggregationErrorPlace = {}) {
    super(message);
    this.code = code;
    if (place.tensor !== undefined) this.tensor = place.tensor;
    if (place.index !== undefined) this.index = place.index;
  }
}

/** A text from outside in quotes, cut to a length, with control and direction characters escaped. */
export function quoted(text: string, maxLength = 80): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
