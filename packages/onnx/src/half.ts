const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

let table: Float32Array | undefined;

/** IEEE 754 binary16 codes as floats. Exact: every half is a float. */
export function widenFloat16(codes: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, code) => halfToNumber(code));
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]!]!;
  return out;
}

/** Floats as IEEE 754 binary16 codes, rounded to nearest, ties to even; beyond the range they become infinite. */
export function narrowFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToHalf(values[i]!);
  return out;
}

/** bfloat16 codes (the upper half of a float) as floats. */
export function widenBfloat16(codes: Uint16Array): Float32Array {
  const wide = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) wide[i] = codes[i]! << 16;
  return new Float32Array(wide.buffer);
}

/** Floats as bfloat16 codes, rounded to nearest, ties to even. */
export function narrowBfloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    value[0] = values[i]!;
    const code = bits[0]!;
    // A NaN whose payload lies in the lower half would round to infinity, so its quiet bit is set instead.
    out[i] = Number.isNaN(value[0]) ? (code >>> 16) | 0x40 : (code + 0x7fff + ((code >>> 16) & 1)) >>> 16;
  }
  return out;
}

function halfToNumber(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >>> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function numberToHalf(x: number): number {
  value[0] = x;
  const code = bits[0]!;
  const sign = (code >>> 16) & 0x8000;
  const exponent = ((code >>> 23) & 0xff) - 112;
  const fraction = code & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // Below the normal range the hidden bit becomes explicit and more bits are shifted out.
  if (exponent <= 0) return sign | roundedShift(fraction | 0x800000, 14 - exponent);
  // A carry out of the fraction lands in the exponent, which is the right next number.
  return sign | roundedShift((exponent << 23) | fraction, 13);
}

function roundedShift(mantissa: number, shift: number): number {
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
}
