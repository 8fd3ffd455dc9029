import { type Dataset, decodePixels, pixelBands, type Preprocess } from '@kneepoint/datasets';
import type { InputSpec } from '@kneepoint/onnx';

/** Decoded images of a data set as height × width × RGB (or RGBA) bytes, kept in memory where they fit, else decoded each time. */
export class Pixels {
  readonly #dataset: Pick<Dataset, 'manifest' | 'read'>;
  readonly #preprocess: Preprocess;
  readonly #size: InputSpec;
  readonly #most: number;
  readonly #kept = new Map<number, Promise<Uint8Array>>();

  /** `bound`: bytes of decoded images that may be kept. */
  constructor(
    dataset: Pick<Dataset, 'manifest' | 'read'>,
    preprocess: Preprocess,
    size: InputSpec,
    bound: number = 2 ** 30,
  ) {
    this.#dataset = dataset;
    this.#preprocess = preprocess;
    this.#size = size;
    this.#most = Math.floor(bound / (size.height * size.width * pixelBands(preprocess)));
  }

  /** Never write to what this gives. Throws DATASET_IMAGE_*. */
  of(row: number): Promise<Uint8Array> {
    const known = this.#kept.get(row);
    if (known) return known;
    const pixels = this.#decode(row);
    // Whoever asked first and left on a failure must not bring the process down.
    pixels.catch(() => undefined);
    // The first to come stay: a set that does not fit is read in another order each epoch, where no other choice is better.
    if (this.#kept.size < this.#most) this.#kept.set(row, pixels);
    return pixels;
  }

  async #decode(row: number): Promise<Uint8Array> {
    const bytes = await this.#dataset.read(row);
    return decodePixels(bytes, this.#preprocess, this.#size, this.#dataset.manifest.images[row] ?? '');
  }
}
