/** Rows that a filter answers to most and least, each from the most extreme on; equal responses in the order of their rows. */
export interface Extremes {
  readonly most: readonly ExtremeRow[];
  readonly least: readonly ExtremeRow[];
}

export interface ExtremeRow {
  readonly row: number;
  readonly response: number;
}

/** The `count` most and least responsive rows of every filter of a layer, gathered shard by shard. Memory grows with count × filters. */
export class ExtremeRows {
  readonly #filters: number;
  readonly #most: ExtremeRow[][];
  readonly #least: ExtremeRow[][];
  readonly #count: number;

  constructor(filters: number, count: number) {
    this.#filters = filters;
    this.#count = count;
    this.#most = Array.from({ length: filters }, () => []);
    this.#least = Array.from({ length: filters }, () => []);
  }

  /** Adds rows `from` and following: rows × filters, row-major, in ascending order of the rows over all calls. */
  add(responses: Float32Array, from: number): void {
    const filters = this.#filters;
    const rows = Math.floor(responses.length / filters);
    for (let filter = 0; filter < filters; filter++) {
      const [most, least] = [this.#most[filter]!, this.#least[filter]!];
      for (let row = 0; row < rows; row++) {
        const response = responses[row * filters + filter]!;
        if (most.length < this.#count || response > most.at(-1)!.response) {
          this.#insert(most, { row: from + row, response }, (other) => other.response >= response);
        }
        if (least.length < this.#count || response < least.at(-1)!.response) {
          this.#insert(least, { row: from + row, response }, (other) => other.response <= response);
        }
      }
    }
  }

  of(filter: number): Extremes {
    return { most: this.#most[filter]!, least: this.#least[filter]! };
  }

  #insert(list: ExtremeRow[], entry: ExtremeRow, isBefore: (other: ExtremeRow) => boolean): void {
    let at = list.length;
    while (at > 0 && !isBefore(list[at - 1]!)) at--;
    list.splice(at, 0, entry);
    if (list.length > this.#count) list.pop();
  }
}
