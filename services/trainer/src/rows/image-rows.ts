import {
  type Dataset,
  drawTransform,
  pixelBands,
  type Preprocess,
  toPlanes,
  transformPixels,
} from '@kneepoint/datasets';
import type { InputSpec } from '@kneepoint/onnx';
import type { FinetuneInput, TrainingSettings } from '@kneepoint/workflow';
import { Pixels } from './pixels.ts';
import type { RowSource } from './row-source.ts';

/** Images as the network's input, C × H × W each. */
export class ImageRows implements RowSource {
  readonly input: string;
  readonly dims: readonly number[];
  readonly #pixels: Pixels;
  readonly #spec: InputSpec;
  readonly #preprocess: Preprocess;
  /** As far as the tasks allow it. */
  readonly augment: TrainingSettings['augment'] & { readonly seed: number };

  /** Images for a network with this input; they are mirrored only where every task says what that does to its targets. */
  static of(
    dataset: Dataset,
    spec: InputSpec,
    {
      preprocess,
      tasks,
      augment,
      seed,
    }: Pick<FinetuneInput, 'preprocess' | 'tasks'> & Pick<TrainingSettings, 'augment' | 'seed'>,
  ): ImageRows {
    const flip = augment.flip && tasks.every(({ mirror }) => mirror !== undefined);
    return new ImageRows(new Pixels(dataset, preprocess, spec), spec, preprocess, { ...augment, flip, seed });
  }

  constructor(
    pixels: Pixels,
    spec: InputSpec,
    preprocess: Preprocess,
    augment: TrainingSettings['augment'] & { readonly seed: number },
  ) {
    this.input = spec.name;
    this.dims = [spec.channels, spec.height, spec.width];
    this.#pixels = pixels;
    this.#spec = spec;
    this.#preprocess = preprocess;
    this.augment = augment;
  }

  async fill(rows: Int32Array, copies: Uint8Array | null, out: Float32Array): Promise<Uint8Array> {
    const size = this.#spec;
    const area = size.channels * size.height * size.width;
    const mirrored = new Uint8Array(rows.length);
    const pictures = await Promise.all(Array.from(rows, (row) => this.#pixels.of(row)));
    const { crop, flip, seed } = this.augment;
    const changes = copies !== null && (crop > 0 || flip);
    const moved = new Uint8Array(changes ? size.height * size.width * pixelBands(this.#preprocess) : 0);
    pictures.forEach((picture, i) => {
      let pixels = picture;
      // Variant 0 is the image itself.
      if (changes && copies[i]! > 0) {
        const transform = drawTransform(this.augment, size, { seed, epoch: copies[i]!, image: rows[i]! });
        transformPixels(picture, size, transform, moved);
        mirrored[i] = transform.mirrored ? 1 : 0;
        pixels = moved;
      }
      toPlanes(pixels, this.#preprocess, size, out, i * area);
    });
    return mirrored;
  }
}
