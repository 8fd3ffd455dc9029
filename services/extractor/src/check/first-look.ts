import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, inputSize } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { DataType, formOf, inputSpec, type ModelProto } from '@kneepoint/onnx';
import type { ExtractInput, InputSample } from '@kneepoint/workflow';
import { channelNames, checkInput } from './check-input.ts';
import { montage } from './montage.ts';
import { samplePictures } from './pictures.ts';

/** Pictures that are looked at where nobody asked for it. */
const MOST = 32;
/** Of those, what people are shown. */
const SHOWN = 3;

export interface FirstLook {
  /** What is clearly wrong with what the network is fed. */
  readonly warnings: readonly string[];
  /** Pictures as the network gets them; `path` is the file of each. */
  readonly samples: readonly (Omit<InputSample, 'sha256'> & { readonly path: string })[];
}

const NOTHING: FirstLook = { warnings: [], samples: [] };

/** What a network, as it is worked on, is fed of the images of a job: what is wrong with it, and a few of them as it gets them, written to `folder`. */
export async function firstLook(
  model: ModelProto,
  dataset: Pick<Dataset, 'manifest' | 'read'>,
  { preprocess, from, to }: Pick<ExtractInput, 'preprocess' | 'from' | 'to'>,
  folder: string,
): Promise<FirstLook> {
  const { channels, height, width } = inputSpec(model);
  const size = inputSize([null, channels, height, width], preprocess);
  const source = { names: dataset.manifest.images, read: (i: number) => dataset.read(i) };
  const form = formOf(model);
  const bytes = form?.inputs.find(({ name }) => name === form.image)?.type === DataType.UINT8;
  try {
    const { pictures } = await samplePictures(source, { most: MOST, preprocess, size, from, to });
    if (pictures.length === 0) return NOTHING;
    const planes = channelNames(preprocess, channels);
    const shows = channels === 1 ? planes : ['the picture', ...planes];
    const samples = spread(pictures, SHOWN).map(async ({ name: image, pixels }, at) => {
      const path = join(folder, `input-${at}.png`);
      await writeFile(path, await montage(pixels, preprocess, size));
      return { image, path, shows };
    });
    const pixels = pictures.map((picture) => picture.pixels);
    const [{ findings }, written] = await Promise.all([
      checkInput({ model, pictures: pixels, preprocess, size, bytes }),
      Promise.all(samples),
    ]);
    return { warnings: findings.filter(({ clear }) => clear).map(({ message }) => message), samples: written };
  } catch (error) {
    // It is a courtesy: whatever cannot be looked at is not a reason to stop.
    if (error instanceof Failure) return NOTHING;
    throw error;
  }
}

/** So many of them, evenly from all. */
function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  const count = Math.min(most, items.length);
  return Array.from({ length: count }, (_, at) => items[Math.floor(((at + 0.5) * items.length) / count)]!);
}
