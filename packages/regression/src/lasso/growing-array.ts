type Numbers = Float64Array | Int32Array | Int8Array;

/** A typed array that arrives in pieces. Most arrive in one, which is then handed on without another copy. */
export class GrowingArray<A extends Numbers> {
  readonly #type: new (length: number) => A;
  #pieces: A[] = [];
  #length = 0;

  constructor(type: new (length: number) => A) {
    this.#type = type;
  }

  get length(): number {
    return this.#length;
  }

  push(values: ArrayLike<number>): void {
    const piece = new this.#type(values.length);
    piece.set(values);
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  truncate(length: number): void {
    const whole = this.toArray();
    if (length >= whole.length) return;
    this.#pieces = [whole.slice(0, length) as A];
    this.#length = length;
  }

  /** The values so far, not to be changed. */
  toArray(): A {
    const [only] = this.#pieces;
    if (only !== undefined && this.#pieces.length === 1) return only;
    const whole = new this.#type(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [whole];
    return whole;
  }
}
