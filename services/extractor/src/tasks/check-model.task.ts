import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderOptions, inputSize, openImages, type Preprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { asImages, type ImageSize, inputSpec } from '@kneepoint/onnx';
import { takeModel, type TaskContext } from '@kneepoint/runtime';
import { channelNames, checkInput, type InputCheck } from '../check/check-input.ts';
import { montage } from '../check/montage.ts';
import { samplePictures } from '../check/pictures.ts';
import { choosePreprocess } from '../choose-preprocess.ts';
import type { Exported } from '../exported/exported.ts';
import { preprocessInGraph } from '../exported/in-graph.ts';
import { preprocessInMetadata } from '../exported/in-metadata.ts';

export interface CheckModelInput {
  readonly modelPath: string;
  /** A folder of pictures, or a packed data set. */
  readonly dataPath: string;
  readonly reading?: FolderOptions;
  readonly declared?: { readonly preprocess: Preprocess; readonly from: string };
  /** What a model hub wrote down beside the file. */
  readonly hub?: Exported;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
  /** Where the pictures go; none are written without it. */
  readonly outFolder?: string;
  /** Pictures that are measured at most. */
  readonly most: number;
}

export interface ModelCheck extends InputCheck {
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  readonly preprocess: Preprocess;
  /** Where the preprocessing was declared. */
  readonly from: string;
  /** Pictures of the data set, and how many of them were measured. */
  readonly images: number;
  readonly measured: number;
  readonly unreadable: readonly string[];
  readonly pictures: readonly { readonly image: string; readonly path: string; readonly shows: readonly string[] }[];
  readonly notes: readonly string[];
}

const SHOWN = 3;

/** Reads a model and a share of its pictures, and says what the one gets of the others. */
export default async function checkModel(job: CheckModelInput, context: TaskContext): Promise<ModelCheck> {
  const taken = await takeModel(job.modelPath, job.size ? { size: job.size } : {});
  const { model, bytes } = asImages(taken.model, { size: taken.size });
  const spec = inputSpec(model);
  const exported = preprocessInMetadata(taken.original) ?? preprocessInGraph(taken.original);
  const chosen = choosePreprocess(
    { declared: job.declared?.preprocess, exported: [job.hub, exported].filter((found) => found !== undefined) },
    spec,
    bytes,
  );
  const { preprocess } = chosen;
  const size = inputSize([null, spec.channels, spec.height, spec.width], preprocess);
  const source = await openImages(job.dataPath, { ...job.reading, signal: context.signal });
  try {
    const { pictures, unreadable } = await samplePictures(source, {
      ...{ most: job.most, preprocess, size, signal: context.signal },
      onPicture: (done, total) => context.progress({ done, total, unit: 'images', message: 'reading images' }),
    });
    if (pictures.length === 0) {
      throw new Failure('DATASET_MANIFEST_EMPTY', `none of ${unreadable.length} pictures that were tried can be read`, {
        where: job.dataPath,
        fix: 'kneepoint dataset add says what is wrong with each of them',
      });
    }
    const pixels = pictures.map((picture) => picture.pixels);
    const check = await checkInput({ model, pictures: pixels, preprocess, size, bytes, provider: context.provider });
    const shown = [
      ...new Set(Array.from({ length: SHOWN }, (_, i) => Math.floor(((i + 0.5) * pictures.length) / SHOWN))),
    ];
    const { channels, height, width } = size;
    return {
      ...{ input: { channels, height, width }, preprocess, ...check },
      from: job.declared?.from ?? chosen.notes.join('; '),
      ...{ images: source.names.length, measured: pictures.length, unreadable },
      pictures: await Promise.all(
        shown.map(async (at, i) => {
          const { name, pixels: seen } = pictures[at]!;
          const path = job.outFolder === undefined ? '' : join(job.outFolder, `input-${i + 1}.png`);
          if (job.outFolder !== undefined) {
            await mkdir(job.outFolder, { recursive: true });
            await writeFile(path, await montage(seen, preprocess, size));
          }
          const planes = channelNames(preprocess, channels).map((channel, number) => `channel ${number}: ${channel}`);
          return { image: name, path, shows: channels === 1 ? planes : ['the picture', ...planes] };
        }),
      ),
      notes: job.declared ? chosen.notes : [],
    };
  } finally {
    await source.close();
  }
}
