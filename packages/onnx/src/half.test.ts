import { describe, expect, it } from 'vitest';
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from './half.ts';
import { seededRandom } from './random.ts';

const ALL_CODES = Uint16Array.from({ length: 0x10000 }, (_, code) => code);

/** Numbers over the whole range of exponents, and the midpoints between neighbouring halves. */
function samples(widen: (codes: Uint16Array) => Float32Array): Float32Array {
  const random = seededRandom(7);
  const spread = Array.from({ length: 20_000 }, () => random.normal() * 2 ** (40 * random.uniform() - 28));
  const codes = Array.from({ length: 5000 }, () => Math.floor(random.uniform() * 0x7bff));
  const low = widen(Uint16Array.from(codes));
  const high = widen(Uint16Array.from(codes, (code) => code + 1));
  return Float32Array.from([...spread, ...Array.from(low, (value, i) => (value + high[i]!) / 2)]);
}

describe.each([
  { name: 'float16', widen: widenFloat16, narrow: narrowFloat16, largest: 0x7bff, infinity: 0x7c00 },
  { name: 'bfloat16', widen: widenBfloat16, narrow: narrowBfloat16, largest: 0x7f7f, infinity: 0x7f80 },
])('$name', ({ widen, narrow, largest, infinity }) => {
  it('gives every code back that stands for a number', () => {
    const wide = widen(ALL_CODES);
    const back = narrow(wide);
    expect(ALL_CODES.filter((code) => !Number.isNaN(wide[code]) && back[code] !== code)).toHaveLength(0);
  });

  it('keeps NaN a NaN', () => {
    const codes = narrow(Float32Array.of(NaN));
    expect(widen(codes)[0]).toBeNaN();
  });

  it('rounds to the nearest neighbour, ties to the even code', () => {
    const values = samples(widen);
    const codes = narrow(values);
    const wide = widen(ALL_CODES);
    const wrong = values.filter((value, i) => {
      const magnitude = codes[i]! & 0x7fff;
      if (magnitude >= largest) return false;
      const distance = (code: number) => (code < 0 ? Infinity : Math.abs(wide[code]! - Math.abs(value)));
      const nearest = Math.min(distance(magnitude - 1), distance(magnitude + 1));
      return distance(magnitude) > nearest || (distance(magnitude) === nearest && magnitude % 2 === 1);
    });
    expect([...wrong]).toEqual([]);
  });

  it('goes to infinity beyond the largest number and keeps the sign', () => {
    expect([...narrow(Float32Array.of(Infinity, -Infinity, -0, 3.4e38))]).toEqual([
      infinity,
      infinity | 0x8000,
      0x8000,
      infinity,
    ]);
  });
});

it("float16 codes are the ones that Python's struct module packs", () => {
  // python3 -c "import struct; print([int.from_bytes(struct.pack('<e', x), 'little') for x in (0.1, 65504, 65519, 6e-8, 3e-8, 1/3, -2.5)])"
  const values = Float32Array.of(0.1, 65504, 65519, 6e-8, 3e-8, 1 / 3, -2.5);
  expect([...narrowFloat16(values)]).toEqual([11878, 31743, 31743, 1, 1, 13653, 49408]);
});
