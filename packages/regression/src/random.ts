/** 32-bit finaliser of MurmurHash3: every bit of the input moves every bit of the result. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const rotateLeft = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));

/**
 * Seeded random numbers: xoshiro128** (Blackman, Vigna 2018). The same seeds give the same sequence on every machine.
 * `Random.seeded(a, b)` and `Random.seeded(b, a)` are unrelated sequences.
 */
export class Random {
  readonly #state: Uint32Array;

  /** `state`: four words, not all zero. */
  constructor(state: readonly [number, number, number, number]) {
    this.#state = Uint32Array.from(state);
  }

  static seeded(...seeds: readonly number[]): Random {
    let h = 0x9e3779b9;
    for (const seed of seeds) {
      const low = seed >>> 0;
      const high = Math.floor(seed / 2 ** 32) >>> 0;
      h = mix(mix(h + low) + high + 0x9e3779b9);
    }
    const word = (i: number) => mix(h + Math.imul(i, 0x9e3779b9));
    return new Random([word(1), word(2), word(3), word(4) | 1]);
  }

  /** An integer in 0 … 2³² − 1. */
  uint32(): number {
    const s = this.#state;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = s;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t2 = s2 ^ s0;
    const t3 = s3 ^ s1;
    s[0] = s0 ^ t3;
    s[1] = s1 ^ t2;
    s[2] = t2 ^ (s1 << 9);
    s[3] = rotateLeft(t3, 11);
    return result;
  }

  /** A number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer in 0 … bound − 1. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates) and returns its argument. */
  shuffle<A extends { length: number; [index: number]: number }>(values: A): A {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = values[i] as number;
      values[i] = values[j] as number;
      values[j] = held;
    }
    return values;
  }
}
