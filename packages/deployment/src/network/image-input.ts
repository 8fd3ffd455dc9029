import { inputSize, type Preprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import {
  DataType,
  dataTypeName,
  dimsOf,
  elementCount,
  feedData,
  Graph,
  imageAxes,
  inputFeeds,
  isFree,
  type ModelProto,
  narrowFloat16,
  type Random,
  sizeInMetadata,
} from '@kneepoint/onnx';
import type { Dense } from '@kneepoint/runtime';

/** Names of element types as ONNX Runtime, numpy and the config have them. */
const TYPES: ReadonlyMap<DataType, 'float32' | 'float16' | 'uint8'> = new Map([
  [DataType.FLOAT, 'float32'],
  [DataType.FLOAT16, 'float16'],
  [DataType.UINT8, 'uint8'],
]);

/** Where a written network takes its images, and how they lie there. */
export interface ImageInput {
  readonly name: string;
  readonly type: 'float32' | 'float16' | 'uint8';
  readonly layout: 'NCHW' | 'NHWC';
  /** As the file declares them; null where a length is free. */
  readonly dims: readonly (number | null)[];
  readonly channels: number;
  /** Of the images that the network was made with, where the file leaves them free. */
  readonly height: number;
  readonly width: number;
  /** How many images it takes at a time; null where any number. */
  readonly batch: number | null;
}

/** The one input of images. Throws MODEL_INPUT_COUNT, MODEL_INPUT_TYPE, PREPROCESS_*. */
export function imageInput(model: ModelProto, preprocess: Preprocess): ImageInput {
  const found = new Graph(model).inputs.find((input) => imageAxes(dimsOf(input)));
  if (!found) throw new Failure('MODEL_INPUT_COUNT', 'no input takes images', { where: 'graph inputs' });
  const elemType = found.type?.value.case === 'tensorType' ? (found.type.value.value.elemType as DataType) : 0;
  const type = TYPES.get(elemType);
  if (!type) {
    throw new Failure('MODEL_INPUT_TYPE', `input ${found.name} takes ${dataTypeName(elemType)}`, { where: found.name });
  }
  const dims = dimsOf(found).map((dim) => (isFree(dim) ? null : (dim as number)));
  const last = imageAxes(dimsOf(found))!.height === 1;
  const [n = null, ...rest] = dims;
  const [c = null, h = null, w = null] = last ? [rest[2], rest[0], rest[1]] : rest;
  const size = preprocess.size ?? sizeInMetadata(model);
  const { channels, height, width } = inputSize([n, c, h, w], { ...preprocess, ...(size ? { size } : {}) });
  return { name: found.name, type, layout: last ? 'NHWC' : 'NCHW', dims, channels, height, width, batch: n };
}

/**
 * What a written network is fed for images.
 * @param planes images × channels × height × width, prepared
 */
export function feedsOf(model: ModelProto, input: ImageInput, planes: Float32Array): Readonly<Record<string, Dense>> {
  const { channels, height, width } = input;
  const images = planes.length / (channels * height * width);
  const feeds = inputFeeds(model, { batch: images, size: { height, width } });
  return Object.fromEntries(
    feeds.map((feed): [string, Dense] => {
      // Nothing reads the others, and still they must be fed.
      if (feed.name !== input.name) return [feed.name, { data: feedData(feed), dims: feed.dims }];
      const laid = input.layout === 'NHWC' ? channelsLast(planes, channels, height * width) : planes;
      const data =
        input.type === 'uint8'
          ? Uint8Array.from(laid, Math.round)
          : input.type === 'float16'
            ? narrowFloat16(laid)
            : laid;
      return [feed.name, { data, dims: feed.dims }];
    }),
  );
}

/** Noise as pixels would be prepared, as many images as the network takes at a time, or so many. */
export function drawnPlanes(input: ImageInput, { range, mean, std }: Preprocess, random: Random): Float32Array {
  const area = input.height * input.width;
  const scale = range[1] === 1 ? 1 / 255 : 1;
  const count = elementCount([input.batch ?? 4, input.channels, area]);
  return Float32Array.from({ length: count }, (_, i) => {
    const channel = Math.floor(i / area) % input.channels;
    const level = Math.floor(256 * random.uniform()) * scale;
    return (level - (mean[mean.length === 1 ? 0 : channel] ?? 0)) / (std[std.length === 1 ? 0 : channel] ?? 1);
  });
}

function channelsLast(planes: Float32Array, channels: number, area: number): Float32Array {
  const out = new Float32Array(planes.length);
  const image = channels * area;
  for (let i = 0; i < out.length; i++) {
    const [n, within] = [Math.floor(i / image), i % image];
    out[i] = planes[n * image + (within % channels) * area + Math.floor(within / channels)]!;
  }
  return out;
}
