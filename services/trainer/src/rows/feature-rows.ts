import type { FeatureScale } from '../network/standardise.ts';
import type { RowSource } from './row-source.ts';

/** What the frozen part of a network answers to each image, computed once, and standardised. */
export class FeatureRows implements RowSource {
  readonly input = 'features';
  readonly dims: readonly number[];
  readonly #features: Float32Array;
  readonly #scale: FeatureScale;

  /** `features`: rows of the data set × width; rows that no part uses hold no meaning. */
  constructor(features: Float32Array, scale: FeatureScale) {
    this.dims = [scale.mean.length];
    this.#features = features;
    this.#scale = scale;
  }

  fill(rows: Int32Array, _copies: Uint8Array | null, out: Float32Array): Promise<Uint8Array> {
    const { mean, deviation } = this.#scale;
    const width = mean.length;
    rows.forEach((row, i) => {
      for (let k = 0; k < width; k++) {
        out[i * width + k] = (this.#features[row * width + k]! - mean[k]!) / deviation[k]!;
      }
    });
    return Promise.resolve(new Uint8Array(rows.length));
  }
}
