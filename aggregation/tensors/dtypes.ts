/**
 * Element types, named as safetensors names them, little-endian: floating point by IEEE 754 (`BF16` is the upper half of an `F32`),
 * and whole numbers with a sign.
 */
export type Dtype = "F32" | "F64" | "BF16" | "I32" | "I64";

interface DtypeFacts {
  /** Bytes of one value. */
  readonly bytes: number;
  /** Whether it holds whole numbers only, which are finite always. */
  readonly integer: boolean;
}

/** Every element type that tensors may have. */
export const dtypes: Readonly<Record<Dtype, DtypeFacts>> = {
  F32: { bytes: 4, integer: false },
  F64: { bytes: 8, integer: false },
  BF16: { bytes: 2, integer: false },
  I32: { bytes: 4, integer: true },
  I64: { bytes: 8, integer: true },
};

/** All names of {@link dtypes}. */
export const dtypeNames = Object.keys(dtypes) as readonly Dtype[];

/** How values of a type lie in memory; `BF16` has no array of its own. */
export interface ValuesOf {
  readonly F32: Float32Array<ArrayBuffer>;
  readonly F64: Float64Array<ArrayBuffer>;
  readonly BF16: Uint16Array<ArrayBuffer>;
  readonly I32: Int32Array<ArrayBuffer>;
  readonly I64: BigInt64Array<ArrayBuffer>;
}
