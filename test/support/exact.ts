/** Every float64 is a whole number of 2^-1074. */
const unit = 1074n;

/** A float64 as a whole number of 2^-1074, exactly. */
export function exact(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const whole = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 === 1 ? -whole : whole;
}

/** The sum of float64 numbers in units of 2^-1074, exactly. */
export const exactSum = (values: readonly number[]): bigint =>
  values.reduce((sum, value) => sum + exact(value), 0n);

/** The sum of `(value - centre)^2` in units of 2^-2148, times the square of the count: with the exact mean as the centre. */
export function exactSpread(values: readonly number[]): bigint {
  const count = BigInt(values.length);
  const sum = exactSum(values);
  return values.reduce((all, value) => all + (count * exact(value) - sum) ** 2n, 0n);
}

/** A fraction of exact numbers as a float64, right to some 15 digits. */
export function ratio(above: bigint, below: bigint): number {
  const sign = above < 0n !== below < 0n ? -1 : 1;
  const [top, bottom] = [above < 0n ? -above : above, below < 0n ? -below : below];
  const shift = BigInt(Math.max(0, bottom.toString(2).length - top.toString(2).length + 64));
  const quotient = (top << shift) / bottom;
  const drop = BigInt(Math.max(0, quotient.toString(2).length - 60));
  return sign * Number(quotient >> drop) * 2 ** Number(drop - shift);
}

/** An exact number in units of 2^-1074 as a float64. */
export const rounded = (value: bigint): number => ratio(value, 1n << unit);
