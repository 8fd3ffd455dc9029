/** Weights of a step by initializer. */
export type Weights = ReadonlyMap<string, Float32Array>;

/**
 * Exponential moving average of weights and running statistics over steps (Polyak and Juditsky 1992; Izmailov et al. 2018 for networks).
 * While it is young it forgets faster, so that the first steps leave no trace.
 */
export class Averages {
  readonly #window: number;
  readonly #values: Map<string, Float32Array>;

  /**
   * @param window steps that count
   * @param values where it begins; copied
   */
  constructor(window: number, values: Weights) {
    this.#window = window;
    this.#values = new Map([...values].map(([name, array]) => [name, Float32Array.from(array)]));
  }

  /** @param number of the step that made the weights, 1 for the first */
  add(weights: Weights, number: number): void {
    const keep = Math.min(1 - 1 / this.#window, number / (number + YOUTH));
    for (const [name, average] of this.#values) {
      const next = weights.get(name)!;
      for (let i = 0; i < average.length; i++) average[i] = average[i]! * keep + next[i]! * (1 - keep);
    }
  }

  /** Changes with the next step. */
  get values(): Weights {
    return this.#values;
  }

  copy(): Weights {
    return new Map([...this.#values].map(([name, values]) => [name, Float32Array.from(values)]));
  }
}

/** Of the first n steps, about n / YOUTH count. */
const YOUTH = 10;
