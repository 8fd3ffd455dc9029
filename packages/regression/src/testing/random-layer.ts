import { Random } from '../random.ts';

export interface RandomLayer {
  readonly rows: number;
  readonly filters: number;
  /** rows × filters. */
  readonly responses: Float32Array;
  /** One value per row, linear in a few filters, with noise. */
  readonly signal: Float64Array;
}

/** Responses like those of a network: not negative, correlated, on different scales; and a value that three filters carry. */
export function randomLayer({ rows = 200, filters = 12, seed = 1, noise = 0.1 } = {}): RandomLayer {
  const random = Random.seeded(seed);
  const responses = new Float32Array(rows * filters);
  const signal = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const common = random.normal();
    for (let j = 0; j < filters; j++) {
      const scale = 10 ** ((j % 5) - 2);
      responses[row * filters + j] = scale * Math.max(0, 1 + 0.5 * common + random.normal());
    }
    const read = (j: number) => (responses[row * filters + (j % filters)] as number) / 10 ** (((j % filters) % 5) - 2);
    signal[row] = 2 * read(0) - 1.5 * read(3) + read(7) + noise * random.normal();
  }
  return { rows, filters, responses, signal };
}
