import { Failure } from '@kneepoint/failures';
import { dataTypeName, STORAGE, type TypedArray } from './data-type.ts';
import { Graph } from './graph.ts';
import { narrowFloat16 } from './half.ts';
import type { ModelProto, ValueInfoProto } from './proto.ts';
import { DataType } from './proto.ts';
import type { Random } from './random.ts';
import { elementCount } from './tensor.ts';
import { dimsOf } from './value-info.ts';

/** Height and width of an image, in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** Of height and width, those that something holds for. */
export interface SizeAxes {
  readonly height: boolean;
  readonly width: boolean;
}

/** An input as it is fed: every dimension a number. */
export interface InputFeed {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
}

/** Pixels. */
const LARGEST_SIDE = 8192;
/** Elements that one feed may have: it is made for real. */
const MOST = 2 ** 28;
const CHANNELS: ReadonlySet<unknown> = new Set([1, 3, 4]);

/**
 * What a model is fed for `batch` images, whatever its inputs are: any rank, any numeric type, several of them. A free leading axis is the
 * batch, and so is every axis of its name (the state of a recurrent layer, layers × batch × width); height and width that are free take
 * `size` (see `sizedDims`). An axis counts as free where the file gives no positive number. Throws
 * MODEL_INPUT_COUNT without an input, MODEL_INPUT_SHAPE for an axis that stays free or a feed beyond memory, MODEL_INPUT_TYPE.
 */
export function inputFeeds(
  model: ModelProto,
  { batch = 1, size }: { readonly batch?: number; readonly size?: ImageSize } = {},
): InputFeed[] {
  const { inputs } = new Graph(model);
  if (inputs.length === 0) throw new Failure('MODEL_INPUT_COUNT', 'the model has no input', { where: 'graph inputs' });
  const leads = new Set(inputs.map((input) => dimsOf(input)[0]).filter((dim) => typeof dim === 'string'));
  return inputs.map((input) => {
    const type = elementType(input);
    const shown = dimsOf(input);
    const named = shown.map((dim, axis) => ((isFree(dim) && axis === 0) || leads.has(dim as string) ? batch : dim));
    const dims = sizedDims(named, size);
    const refuse = (problem: string, fix: string) =>
      new Failure(
        'MODEL_INPUT_SHAPE',
        `input ${input.name} has shape [${shown.map((dim) => dim ?? '?').join(', ')}]: ${problem}`,
        {
          where: `input ${input.name}`,
          fix,
        },
      );
    const open = dims.findIndex(isFree);
    if (open >= 0) {
      throw isImage(shown)
        ? refuse('height or width is not fixed', 'say the size of its images: --size HxW, or size in the preprocessing')
        : refuse(`axis ${open} is not fixed`, 'say how long it is: --size N; or export the model with a fixed length');
    }
    const fixed = dims as number[];
    if (elementCount(fixed) > MOST) throw refuse('this is too much to be fed', `at most ${MOST} numbers`);
    return { name: input.name, type, dims: fixed };
  });
}

/** The declared dimensions with free height and width set to a size; where there are no images, every free axis behind the first to the length of a square's side. */
export function sizedDims(
  dims: readonly (number | string | undefined)[],
  size: ImageSize | undefined,
): (number | string | undefined)[] {
  const axes = imageAxes(dims);
  if (!size) return [...dims];
  const length = size.height === size.width ? size.height : undefined;
  return dims.map((dim, axis) => {
    if (!isFree(dim)) return dim;
    if (!axes) return axis > 0 ? (length ?? dim) : dim;
    return axis === axes.height ? size.height : axis === axes.width ? size.width : dim;
  });
}

/** The size of images that an exporter left in the metadata: Ultralytics writes `imgsz` as "[height, width]". */
export function sizeInMetadata(model: ModelProto): ImageSize | undefined {
  const text = model.metadataProps.find(({ key }) => key === 'imgsz')?.value ?? '';
  const [height, width = height] = (text.match(/\d+/g) ?? []).map(Number);
  return height && width && height <= LARGEST_SIDE && width <= LARGEST_SIDE ? { height, width } : undefined;
}

/** Where an input of four axes has height and width: channels last where the last axis alone is 1, 3 or 4 long. */
export function imageAxes(
  dims: readonly (number | string | undefined)[],
): { height: number; width: number } | undefined {
  if (dims.length !== 4) return undefined;
  return !CHANNELS.has(dims[1]) && CHANNELS.has(dims[3]) ? { height: 1, width: 2 } : { height: 2, width: 3 };
}

/** Whether a declared dimension leaves the length open. Some exporters write 0 or −1 for that. */
export function isFree(dim: number | string | undefined): boolean {
  return typeof dim !== 'number' || dim <= 0;
}

/** Numbers to feed: zeros, or drawn ones as each type takes them (bytes 0 to 255, floats in [−1, 1), other integers 0 or 1). */
export function feedData({ type, dims }: InputFeed, random?: Random): TypedArray {
  const count = elementCount(dims);
  const Storage = STORAGE.get(type)!;
  if (!random) return new Storage(count);
  const draw = (make: (u: number) => number) => Float32Array.from({ length: count }, () => make(random.uniform()));
  if (type === DataType.UINT8) return Uint8Array.from(draw((u) => Math.floor(256 * u)));
  if (type === DataType.INT8) return Int8Array.from(draw((u) => Math.floor(256 * u) - 128));
  if (type === DataType.FLOAT) return draw((u) => 2 * u - 1);
  if (type === DataType.FLOAT16) return narrowFloat16(draw((u) => 2 * u - 1));
  if (type === DataType.DOUBLE) return Float64Array.from(draw((u) => 2 * u - 1));
  const coin = draw((u) => Math.floor(2 * u));
  if (type === DataType.INT64) return BigInt64Array.from(coin as unknown as number[], BigInt);
  const data = new Storage(count);
  for (let i = 0; i < count; i++) (data as Int32Array)[i] = coin[i]!;
  return data;
}

function isImage(dims: readonly (number | string | undefined)[]): boolean {
  const axes = imageAxes(dims);
  return axes !== undefined && (isFree(dims[axes.height]) || isFree(dims[axes.width]));
}

const FED: ReadonlySet<number> = new Set([
  ...[DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE, DataType.UINT8, DataType.INT8, DataType.UINT16],
  ...[DataType.INT16, DataType.INT32, DataType.INT64, DataType.BOOL],
]);

function elementType(value: ValueInfoProto): DataType {
  const type = value.type?.value;
  if (type?.case === 'tensorType' && FED.has(type.value.elemType)) return type.value.elemType;
  const found = type?.case === 'tensorType' ? dataTypeName(type.value.elemType) : (type?.case ?? 'nothing');
  throw new Failure('MODEL_INPUT_TYPE', `input ${value.name} takes ${found}, which is no number that can be fed`, {
    where: `input ${value.name}`,
  });
}
