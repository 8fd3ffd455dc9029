import {
  asDeclared,
  DataType,
  dimsOf,
  formOf,
  Graph,
  imageAxes,
  type ImageSize,
  isFree,
  type ModelProto,
} from '@kneepoint/onnx';
import { deliver } from '../model/deliver.ts';
import { type LatencyOptions, measureLatency } from './measure-latency.ts';
import type { Timing } from './summarize.ts';

/** A file as it is delivered. */
export interface DeclaredFile {
  readonly name: string;
  /** Or its path. */
  readonly model: ModelProto | string;
  /** How many a run takes. */
  readonly images: number;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

/** The file that a network was, or is delivered as: half precision is tried, whatever else is declared needs no trial. */
export async function originalOf(model: ModelProto): Promise<ModelProto> {
  return formOf(model)?.answers === DataType.FLOAT16 ? (await deliver(model)).model : asDeclared(model);
}

/** A network that was worked on, and its file as what is timed. */
export function declaredFile(name: string, worked: ModelProto, file: ModelProto): DeclaredFile {
  return { name, model: file, images: imagesOf(file), ...sizeOf(worked) };
}

/**
 * Times networks against each other as their files are declared: their types, their layout and the batch that they fix. In ms for one image: of
 * a run divided by its images. Throws as `measureLatency`.
 */
export async function measureDeclared(
  files: readonly DeclaredFile[],
  options: Omit<LatencyOptions, 'batch'>,
): Promise<Readonly<Record<string, Timing>>> {
  const timings = await measureLatency(files, { ...options, batch: 'declared' });
  return Object.fromEntries(
    files.map(({ name, images }) => {
      const { p10, p50, p95, mean } = timings[name]!;
      return [name, { p10: p10 / images, p50: p50 / images, p95: p95 / images, mean: mean / images }];
    }),
  );
}

/** How many images a run takes. */
export function imagesOf(model: ModelProto): number {
  const [first = 1] = new Graph(model).inputs
    .filter((input) => imageAxes(dimsOf(input)))
    .flatMap((input) => dimsOf(input));
  return typeof first === 'number' && !isFree(first) ? first : 1;
}

function sizeOf(model: ModelProto): { readonly size?: ImageSize } {
  const input = new Graph(model).inputs.find((value) => imageAxes(dimsOf(value)));
  const dims = input ? dimsOf(input) : [];
  const axes = imageAxes(dims);
  const [height, width] = axes ? [dims[axes.height], dims[axes.width]] : [];
  return typeof height === 'number' && typeof width === 'number' ? { size: { height, width } } : {};
}
