import { Failure } from '@kneepoint/failures';
import {
  asDeclared,
  cloneModel,
  valueInfo,
  type AsDeclaredOptions,
  DataType,
  type DeclaredForm,
  dimsOf,
  elementCount,
  encodeModel,
  feedData,
  formOf,
  Graph,
  type ImageSize,
  type ModelProto,
  narrowFloat16,
  seededRandom,
  type TypedArray,
  type WantedBatch,
  widenFloat16,
} from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import type { Dense } from '../session/session.ts';
import { fixedSizeNote, openSizeOf, sizesThatHold, type SizeVerdict } from './free-size.ts';
import { keepOutputs } from './keep-outputs.ts';

export interface DeliverOptions {
  /** In place of the batch that the original has. */
  readonly batch?: WantedBatch | undefined;
  /** How pixels become the input: the comparison is made on noise in that range. Default numbers in [0, 1]. */
  readonly levels?: Levels | undefined;
}

interface Levels {
  readonly range: readonly [number, number];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface Delivered {
  readonly model: ModelProto;
  /** What its user should know: what could not be written as the original declares it. */
  readonly notes: readonly string[];
}

/** Largest difference from the network as it was worked on, of the largest answer. Half precision holds 11 bits of every number on the way. */
const EXACT = 1e-4;
const HALF = 1e-2;
/** Where values are rounded to whole numbers, what differs in the last bit may be a step apart. */
const STEPS = 5e-2;
const LARGEST_HALF = 65_504;
const WIDE =
  'the written file takes and gives half precision, but computes in FLOAT: in half precision it would answer otherwise';

/**
 * A network in the form that its original declares (see `asDeclared`), compared by running both. Half precision that holds no longer is left
 * at the inputs and outputs; height and width that were free stay fixed where the network does not run at another size. Throws
 * ONNX_BATCH_FIXED, INTERNAL where the two answer otherwise, RUNTIME_*.
 */
export async function deliver(model: ModelProto, { batch, levels }: DeliverOptions = {}): Promise<Delivered> {
  const form = formOf(model);
  if (!form && batch === undefined) return { model, notes: [] };
  const half = form?.answers === DataType.FLOAT16;
  // Only lengths are declared otherwise: nothing is computed in another way.
  if (!form || (!half && isPlain(form))) return { model: asDeclared(model, { batch }), notes: [] };
  const notes: string[] = [];
  let chosen: AsDeclaredOptions = { batch };
  if (isAnySize(form)) {
    const [open, size] = [openSizeOf(form), sizeOf(model)];
    const free = asDeclared(model, { ...chosen, halfInside: false });
    const freeSize = await sizesThatHold(size, open, (other) => runsAt(other, free, form, model));
    chosen = { ...chosen, freeSize };
    notes.push(...[fixedSizeNote(size, open, freeSize)].filter((note) => note !== undefined));
  }
  const images = drawn(model, chosen, levels);
  const wanted = await answers(model, images, undefined);
  const narrow = half && (await largestInside(model, images)) <= LARGEST_HALF;
  const tolerance = roundsToSteps(model) ? STEPS : half || takesHalf(form) ? HALF : EXACT;
  const tried = half ? (narrow ? [true, false] : [false]) : [true];
  if (half && !narrow) notes.push(WIDE);
  for (const halfInside of tried) {
    const written = asDeclared(model, { ...chosen, halfInside });
    const difference = await differenceOf(written, images, form, wanted);
    if (difference <= tolerance) return { model: written, notes };
    if (!half || !halfInside) throw new Failure('INTERNAL', `the file as declared answers otherwise by ${difference}`);
    notes.push(WIDE);
  }
  throw new Failure('INTERNAL', 'no form of the network was tried');
}

function roundsToSteps({ graph }: ModelProto): boolean {
  return graph!.node.some(({ opType }) => opType === 'QuantizeLinear');
}

/** Whether the images are float32 of one size, with the channels first. */
function isPlain(form: DeclaredForm): boolean {
  const { type } = form.inputs.find(({ name }) => name === form.image)!;
  return type === DataType.FLOAT && !form.last && !isAnySize(form);
}

/** N × C × H × W. */
interface Images {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Noise as pixels would be prepared, whole numbers of 0 to 255 before. */
function drawn(model: ModelProto, { batch }: AsDeclaredOptions, levels: Levels | undefined): Images {
  const { range, mean, std } = levels ?? { range: [0, 1], mean: [0], std: [1] };
  const [worked, ...rest] = dimsOf(inputOf(model)) as [number | string, ...number[]];
  const [declared] = dimsOf(
    new Graph(asDeclared(model, { batch })).inputs.find(({ name }) => name === inputOf(model).name)!,
  );
  const fixed = [worked, declared].find((length) => typeof length === 'number' && length > 0);
  const dims = [typeof fixed === 'number' ? fixed : 2, ...rest];
  const area = rest[1]! * rest[2]!;
  const scale = range[1] === 1 ? 1 / 255 : 1;
  const random = seededRandom(1);
  const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => {
    const channel = Math.floor(i / area) % rest[0]!;
    const level = Math.floor(256 * random.uniform()) * scale;
    return (level - (mean[mean.length === 1 ? 0 : channel] ?? 0)) / (std[std.length === 1 ? 0 : channel] ?? 1);
  });
  return { data, dims };
}

async function differenceOf(
  written: ModelProto,
  images: Images,
  form: DeclaredForm,
  wanted: readonly Float32Array[],
): Promise<number> {
  try {
    const found = await answers(written, images, form);
    const scale = Math.max(
      1e-12,
      ...wanted.map((values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)),
    );
    return Math.max(
      ...wanted.map((values, k) => {
        const others = found[k];
        if (others?.length !== values.length) return Number.POSITIVE_INFINITY;
        const most = values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - others[i]!)), 0);
        return Number.isFinite(most) ? most / scale : Number.POSITIVE_INFINITY;
      }),
    );
  } catch (error) {
    // An operator that takes no half precision.
    if (error instanceof Failure && error.code.startsWith('RUNTIME_')) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/**
 * The largest number that any value of the network takes. The CPU computes half precision in float32 and overflows nowhere on the way, where
 * other devices do.
 */
async function largestInside(model: ModelProto, { data, dims }: Images): Promise<number> {
  const part = cloneModel(model);
  const values = part.graph!.node.flatMap(({ output }) => output.filter((name) => name !== ''));
  keepOutputs(
    part,
    values.map((name) => {
      const value = valueInfo(name);
      delete value.type;
      return value;
    }),
  );
  const session = await openSession(part, { provider: 'cpu', optimization: 'disabled' });
  try {
    const [, ...rest] = dims;
    const one = { data: data.subarray(0, elementCount(rest)), dims: [1, ...rest] };
    const results = await session.run({
      [inputOf(model).name]: typeof dimsOf(inputOf(model))[0] === 'number' ? { data, dims } : one,
    });
    let most = 0;
    for (const { data: found } of Object.values(results))
      if (found instanceof Float32Array) for (const value of found) most = Math.max(most, Math.abs(value));
    return most;
  } finally {
    await session.release();
  }
}

/** What a network answers, output by output; a declared one is fed what it declares. */
async function answers(model: ModelProto, images: Images, form: DeclaredForm | undefined): Promise<Float32Array[]> {
  const session = await openSession(encodeModel(model), { provider: 'cpu' });
  try {
    const results = await session.run(feedsOf(model, images, form));
    return session.outputs.map(({ name }) => asFloats(results[name]!.data));
  } finally {
    await session.release();
  }
}

function feedsOf(model: ModelProto, { data, dims }: Images, form: DeclaredForm | undefined): Record<string, Dense> {
  const { name } = inputOf(model, form);
  const feeds: Record<string, Dense> = {};
  for (const input of form?.inputs ?? []) {
    if (input.name === name) continue;
    // Nothing reads it, and still it must be fed.
    const shape = input.dims.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : 1));
    feeds[input.name] = { dims: shape, data: feedData({ name: input.name, type: input.type, dims: shape }) };
  }
  const last = form?.last ?? false;
  const laid = last ? channelsLast(data, dims) : data;
  const [n = 1, c = 1, h = 1, w = 1] = dims;
  const type = form?.inputs.find((input) => input.name === name)?.type ?? DataType.FLOAT;
  feeds[name] = {
    dims: last ? [n, h, w, c] : dims,
    data:
      type === DataType.UINT8
        ? Uint8Array.from(laid, Math.round)
        : type === DataType.FLOAT16
          ? narrowFloat16(laid)
          : laid,
  };
  return feeds;
}

async function runsAt(
  { height, width }: ImageSize,
  written: ModelProto,
  form: DeclaredForm,
  worked: ModelProto,
): Promise<SizeVerdict> {
  const [batch, channels = 1] = dimsOf(inputOf(worked)) as [number | string, number];
  const [declared] = dimsOf(inputOf(written, form));
  const fixed = [batch, declared].find((length) => typeof length === 'number' && length > 0);
  const dims = [typeof fixed === 'number' ? fixed : 1, channels, height, width];
  try {
    const found = await answers(written, { data: new Float32Array(elementCount(dims)), dims }, form);
    return found.every((values) => values.every(Number.isFinite)) ? 'holds' : 'differs';
  } catch (error) {
    // Some take multiples of a length alone.
    if (error instanceof Failure && error.code.startsWith('RUNTIME_')) return 'unknown';
    throw error;
  }
}

function inputOf(model: ModelProto, form = formOf(model)) {
  const { inputs } = new Graph(model);
  return inputs.find(({ name }) => name === form?.image) ?? inputs[0]!;
}

/** Whether its images may have any height or width. */
function isAnySize(form: DeclaredForm): boolean {
  const { height, width } = openSizeOf(form);
  return height || width;
}

function takesHalf(form: DeclaredForm): boolean {
  return form.inputs.some(({ name, type }) => name === form.image && type === DataType.FLOAT16);
}

/** Of the network as it is worked on. */
function sizeOf(model: ModelProto): ImageSize {
  const [, , height = 1, width = 1] = dimsOf(inputOf(model)) as number[];
  return { height, width };
}

function channelsLast(data: Float32Array, [n = 1, c = 1, h = 1, w = 1]: readonly number[]): Float32Array {
  const area = h * w;
  const out = new Float32Array(data.length);
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < c; channel++)
      for (let at = 0; at < area; at++)
        out[(image * area + at) * c + channel] = data[(image * c + channel) * area + at]!;
  return out;
}

/** Half precision comes as its codes. */
function asFloats(data: TypedArray): Float32Array {
  return data instanceof Float32Array
    ? data
    : data instanceof Uint16Array
      ? widenFloat16(data)
      : Float32Array.from(data as Int32Array);
}
