import { asDeclared, DataType, dimsOf, encodeModel, formOf, Graph, imageAxes, type ModelProto } from '@kneepoint/onnx';
import { deliver } from '../model/deliver.ts';
import type { LatencyOptions } from './measure-latency.ts';
import { measureLatency } from './measure-latency.ts';
import type { Timing } from './summarize.ts';

export interface DeclaredModel {
  readonly name: string;
  /** As it is worked on, or as it is delivered. */
  readonly model: ModelProto;
  /** The file as it is delivered, where that is known. */
  readonly written?: ModelProto;
}

export interface DeclaredTiming {
  /** ms for one image. */
  readonly timing: Timing;
  /** Of the file. */
  readonly bytes: number;
}

/** The file that a network was, or is delivered as: half precision is tried, whatever else is declared needs no trial. */
export async function originalOf(model: ModelProto): Promise<ModelProto> {
  return formOf(model)?.answers === DataType.FLOAT16 ? (await deliver(model)).model : asDeclared(model);
}

/**
 * Times networks against each other as their files are declared: their types, their layout and the batch that they fix, where ms are those of
 * a run divided by its images. Free height and width are those of the work. Throws as `measureLatency`.
 */
export async function measureDeclared(
  models: readonly DeclaredModel[],
  options: Omit<LatencyOptions, 'batch'>,
): Promise<Readonly<Record<string, DeclaredTiming>>> {
  const files: { name: string; model: Uint8Array; images: number; size?: { height: number; width: number } }[] = [];
  for (const { name, model, written } of models) {
    const file = written ?? (await originalOf(model));
    files.push({ name, model: encodeModel(file), images: imagesOf(file), ...sizeOf(model) });
  }
  const timings = await measureLatency(files, { ...options, batch: 'declared' });
  return Object.fromEntries(
    files.map(({ name, model, images }) => {
      const { p10, p50, p95, mean } = timings[name]!;
      const timing = { p10: p10 / images, p50: p50 / images, p95: p95 / images, mean: mean / images };
      return [name, { timing, bytes: model.byteLength }];
    }),
  );
}

/** How many images a run takes. */
export function imagesOf(model: ModelProto): number {
  const batches = new Graph(model).inputs.filter((input) => imageAxes(dimsOf(input))).map((input) => dimsOf(input)[0]);
  const fixed = batches.find((length) => typeof length === 'number' && length > 0);
  return typeof fixed === 'number' ? fixed : 1;
}

function sizeOf(model: ModelProto): { size?: { height: number; width: number } } {
  const input = new Graph(model).inputs.find((value) => imageAxes(dimsOf(value)));
  const dims = input ? dimsOf(input) : [];
  const axes = imageAxes(dims);
  const [height, width] = axes ? [dims[axes.height], dims[axes.width]] : [];
  return typeof height === 'number' && typeof width === 'number' ? { size: { height, width } } : {};
}
