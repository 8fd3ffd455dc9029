import { type Augmentation, drawTransform, type Preprocess, toPlanes, transformPixels } from '@kneepoint/datasets';
import type { InputSpec } from '@kneepoint/onnx';
import type { Pixels } from './pixels.ts';
import type { RowSource } from './row-source.ts';

/** Images as the network's input, C × H × W each. */
export class ImageRows implements RowSource {
  readonly input: string;
  readonly dims: readonly number[];
  readonly #pixels: Pixels;
  readonly #spec: InputSpec;
  readonly #preprocess: Preprocess;
  readonly #augment: Augmentation & { readonly seed: number };

  constructor(
    pixels: Pixels,
    spec: InputSpec,
    preprocess: Preprocess,
    augment: Augmentation & { readonly seed: number },
  ) {
    this.input = spec.name;
    this.dims = [spec.channels, spec.height, spec.width];
    this.#pixels = pixels;
    this.#spec = spec;
    this.#preprocess = preprocess;
    this.#augment = augment;
  }

  async fill(rows: Int32Array, epoch: number | null, out: Float32Array): Promise<Uint8Array> {
    const size = this.#spec;
    const area = size.channels * size.height * size.width;
    const mirrored = new Uint8Array(rows.length);
    const pictures = await Promise.all(Array.from(rows, (row) => this.#pixels.of(row)));
    const { crop, flip, seed } = this.#augment;
    const changes = epoch !== null && (crop > 0 || flip);
    const moved = new Uint8Array(changes ? size.height * size.width * 3 : 0);
    pictures.forEach((picture, i) => {
      let pixels = picture;
      if (changes) {
        const transform = drawTransform(this.#augment, size, { seed, epoch, image: rows[i]! });
        transformPixels(picture, size, transform, moved);
        mirrored[i] = transform.mirrored ? 1 : 0;
        pixels = moved;
      }
      toPlanes(pixels, this.#preprocess, size, out, i * area);
    });
    return mirrored;
  }
}
