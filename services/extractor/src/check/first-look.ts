import { type Dataset, inputSize } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { DataType, formOf, inputSpec, type ModelProto } from '@kneepoint/onnx';
import type { ExtractInput } from '@kneepoint/workflow';
import { checkInput } from './check-input.ts';
import { samplePictures } from './pictures.ts';

/** Pictures that are looked at where nobody asked for it. */
const MOST = 32;

/** What is clearly wrong with what a network, as it is worked on, is fed of the images of a job. */
export async function inputWarnings(
  model: ModelProto,
  dataset: Pick<Dataset, 'manifest' | 'read'>,
  { preprocess, from, to }: Pick<ExtractInput, 'preprocess' | 'from' | 'to'>,
): Promise<readonly string[]> {
  const { channels, height, width } = inputSpec(model);
  const size = inputSize([null, channels, height, width], preprocess);
  const source = { names: dataset.manifest.images, read: (i: number) => dataset.read(i) };
  const form = formOf(model);
  const bytes = form?.inputs.find(({ name }) => name === form.image)?.type === DataType.UINT8;
  try {
    const { pictures } = await samplePictures(source, { most: MOST, preprocess, size, from, to });
    if (pictures.length === 0) return [];
    const pixels = pictures.map((picture) => picture.pixels);
    const { findings } = await checkInput({ model, pictures: pixels, preprocess, size, bytes });
    return findings.filter(({ clear }) => clear).map(({ message }) => message);
  } catch (error) {
    // It is a courtesy: whatever cannot be looked at is not a reason to stop.
    if (error instanceof Failure) return [];
    throw error;
  }
}
