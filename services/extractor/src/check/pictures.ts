import { type ImageSource, decodePixels, type InputSize, type Preprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';

/** A picture as it is cut and resized: height × width × bands. */
export interface Decoded {
  readonly name: string;
  readonly pixels: Uint8Array;
}

export interface Sample {
  readonly pictures: readonly Decoded[];
  /** Pictures that do not decode, by name. */
  readonly unreadable: readonly string[];
}

/** So many pictures, spread evenly over [from, to) of all; those that do not decode are named. Throws the signal's reason. */
export async function samplePictures(
  source: Pick<ImageSource, 'names' | 'read'>,
  {
    most,
    preprocess,
    size,
    from = 0,
    to = source.names.length,
    signal,
    onPicture,
  }: {
    readonly most: number;
    readonly preprocess: Preprocess;
    readonly size: InputSize;
    readonly from?: number;
    readonly to?: number;
    readonly signal?: AbortSignal;
    readonly onPicture?: (done: number, total: number) => void;
  },
): Promise<Sample> {
  const count = Math.min(most, to - from);
  const pictures: Decoded[] = [];
  const unreadable: string[] = [];
  for (let i = 0; i < count; i += 1) {
    signal?.throwIfAborted();
    const index = from + Math.floor(((i + 0.5) * (to - from)) / count);
    const name = source.names[index] ?? '';
    try {
      pictures.push({ name, pixels: await decodePixels(await source.read(index), preprocess, size, name) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unreadable.push(name);
    }
    onPicture?.(i + 1, count);
  }
  return { pictures, unreadable };
}
