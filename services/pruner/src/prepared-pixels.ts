import { type Batch, batches, type BatchOptions, type Dataset } from '@kneepoint/datasets';

/** Bytes of pixels that are kept. */
const KEPT_BYTES = 256e6;

/**
 * Images as a network's input, of which the first so many that are asked for stay: what passes over the same images several times decodes these
 * once. For one data set, one preparation and one input size.
 */
export class PreparedPixels {
  private readonly kept = new Map<number, Float32Array>();
  private room: number;

  /** @param bytes how many are kept at most */
  constructor(bytes = KEPT_BYTES) {
    this.room = bytes / Float32Array.BYTES_PER_ELEMENT;
  }

  /** As `batches` gives them; no image twice among `indices`. Throws what that throws. */
  async *batches(
    dataset: Pick<Dataset, 'manifest' | 'read'>,
    options: Omit<BatchOptions, 'from' | 'to'> & { readonly indices: Int32Array },
  ): AsyncGenerator<Batch, void, void> {
    const { indices, batchSize, size } = options;
    const area = size.channels * size.height * size.width;
    const missing = indices.filter((row) => !this.kept.has(row));
    const decoded = batches(dataset, { ...options, indices: missing });
    /** Decoded, not yet given, and without room to stay. */
    const passing = new Map<number, Float32Array>();
    const buffer = new Float32Array(Math.min(batchSize, indices.length) * area);
    const pixelsOf = async (row: number): Promise<Float32Array> => {
      for (;;) {
        const found = this.kept.get(row) ?? passing.get(row);
        if (found) return found;
        const { value } = await decoded.next();
        if (!value) throw new Error(`image ${row} was not decoded`);
        value.indices.forEach((own, at) => {
          const pixels = value.data.slice(at * area, (at + 1) * area);
          if (this.room >= area) {
            this.room -= area;
            this.kept.set(own, pixels);
          } else passing.set(own, pixels);
        });
      }
    };
    try {
      for (let from = 0; from < indices.length; from += batchSize) {
        options.signal?.throwIfAborted();
        const own = indices.slice(from, from + batchSize);
        for (const [at, row] of own.entries()) {
          buffer.set(await pixelsOf(row), at * area);
          passing.delete(row);
        }
        yield { indices: own, data: buffer.subarray(0, own.length * area) };
      }
    } finally {
      await decoded.return();
    }
  }
}
