import type { RowSource } from './row-source.ts';

/** What the frozen part of a network answers to each image, computed once; standardised over the training rows. */
export class FeatureRows implements RowSource {
  readonly input = 'features';
  readonly dims: readonly number[];
  /** Per feature: standardised = (feature − mean) / deviation; a feature that does not vary has deviation 1. */
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly #features: Float32Array;

  /** `features`: rows of the data set × width; rows that no part uses hold no meaning. */
  constructor(features: Float32Array, width: number, train: Int32Array) {
    this.dims = [width];
    this.#features = features;
    this.mean = new Float64Array(width);
    this.deviation = new Float64Array(width);
    for (const row of train) for (let k = 0; k < width; k++) this.mean[k]! += features[row * width + k]! / train.length;
    for (const row of train) {
      for (let k = 0; k < width; k++) {
        this.deviation[k]! += (features[row * width + k]! - this.mean[k]!) ** 2 / train.length;
      }
    }
    this.deviation = this.deviation.map((variance, k) =>
      // A spread under a millionth of the mean only shows the rounding of float32.
      Math.sqrt(variance) > 1e-6 * Math.abs(this.mean[k]!) ? Math.sqrt(variance) : 1,
    );
  }

  fill(rows: Int32Array, _epoch: number | null, out: Float32Array): Promise<Uint8Array> {
    const width = this.dims[0]!;
    rows.forEach((row, i) => {
      for (let k = 0; k < width; k++) {
        out[i * width + k] = (this.#features[row * width + k]! - this.mean[k]!) / this.deviation[k]!;
      }
    });
    return Promise.resolve(new Uint8Array(rows.length));
  }
}
