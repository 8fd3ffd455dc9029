/** Seeded random numbers: sfc32 (Doty-Humphrey). The same seeds give the same sequence on every machine. */
export class Random {
  readonly #state: Uint32Array;

  constructor(...seeds: readonly number[]) {
    this.#state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 1);
    for (const seed of seeds) {
      this.#state[0] = (this.#state[0] ?? 0) ^ seed;
      this.#state[1] = (this.#state[1] ?? 0) ^ Math.floor(seed / 2 ** 32);
      for (let i = 0; i < 12; i += 1) this.#next();
    }
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * (this.#next() / 2 ** 32);
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.between(0, items.length))] ?? items[0];
  }

  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = s;
    const result = (a + b + counter) >>> 0;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + result;
    s[3] = counter + 1;
    return result;
  }
}
