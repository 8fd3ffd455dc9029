type Numbers = Float64Array | Int32Array | Int8Array;

/** A typed array that is appended to, doubling its room when it is full. */
export class GrowingArray<A extends Numbers> {
  readonly #type: new (length: number) => A;
  #store: A;
  #length = 0;

  constructor(type: new (length: number) => A) {
    this.#type = type;
    this.#store = new type(64);
  }

  get length(): number {
    return this.#length;
  }

  push(values: ArrayLike<number>): void {
    const needed = this.#length + values.length;
    if (needed > this.#store.length) {
      const larger = new this.#type(Math.max(needed, 2 * this.#store.length));
      larger.set(this.#store.subarray(0, this.#length));
      this.#store = larger;
    }
    this.#store.set(values, this.#length);
    this.#length = needed;
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** A copy of the values so far. */
  toArray(): A {
    return this.#store.slice(0, this.#length) as A;
  }
}
