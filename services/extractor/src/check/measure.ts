import { create } from '@bufbuild/protobuf';
import { type InputSize, type Preprocess, toPlanes } from '@kneepoint/datasets';
import { cloneModel, encodeModel, freeBatch, inputSpec, type ModelProto, NodeProtoSchema } from '@kneepoint/onnx';
import { batchSizeFor, exposePooled, openSession, pooledName, type SessionOptions } from '@kneepoint/runtime';

/** Of each channel, over all pictures and positions. */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

export interface InputMoments extends Moments {
  readonly least: number;
  readonly most: number;
}

/** Range, mean and variance of each channel of what these pictures (height × width × bands) become. */
export function inputMoments(pictures: readonly Uint8Array[], preprocess: Preprocess, size: InputSize): InputMoments {
  const area = size.height * size.width;
  const planes = new Float32Array(size.channels * area);
  const [sum, squares] = [new Float64Array(size.channels), new Float64Array(size.channels)];
  let [least, most] = [Infinity, -Infinity];
  for (const picture of pictures) {
    toPlanes(picture, preprocess, size, planes, 0);
    for (let at = 0; at < planes.length; at += 1) {
      const value = planes[at]!;
      const channel = Math.floor(at / area);
      sum[channel]! += value;
      squares[channel]! += value * value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return { ...momentsOf(sum, squares, pictures.length * area), least, most };
}

/**
 * Mean and variance of each channel of a value of the network, for each half of the pictures: every second one, so that what one half says
 * can be held against the other. `model` takes float images with channels first; undefined where it takes several at once and no other number.
 */
export async function valueMoments(
  model: ModelProto,
  value: string,
  {
    pictures,
    readings,
    size,
  }: {
    readonly pictures: readonly Uint8Array[];
    readonly readings: readonly Preprocess[];
    readonly size: InputSize;
  },
  options: Pick<SessionOptions, 'provider'> = {},
): Promise<readonly (readonly [Moments, Moments])[] | undefined> {
  const spec = inputSpec(model);
  const { model: exposed, freed } = freeBatch(withMoments(model, value));
  const atOnce = batchSizeFor({ ...spec, ...(freed ? { batch: 'free' } : {}) });
  if (!freed && atOnce > 1) return undefined;
  const session = await openSession(encodeModel(exposed), options);
  const outputs = [pooledName(value), pooledName(squaresOf(value))];
  try {
    const found: [Moments, Moments][] = [];
    for (const preprocess of readings) {
      const [even, odd] = [0, 1].map((half) => pictures.filter((_, i) => i % 2 === half));
      found.push([await overPictures(even!, preprocess), await overPictures(odd!, preprocess)]);
    }
    return found;
  } finally {
    await session.release();
  }

  async function overPictures(half: readonly Uint8Array[], preprocess: Preprocess): Promise<Moments> {
    const area = size.channels * size.height * size.width;
    const sums: Float64Array[] = [];
    for (let from = 0; from < half.length; from += atOnce) {
      const part = half.slice(from, from + atOnce);
      const data = new Float32Array(part.length * area);
      part.forEach((picture, i) => toPlanes(picture, preprocess, size, data, i * area));
      const dims = [part.length, size.channels, size.height, size.width];
      const results = await session.run({ [spec.name]: { data, dims } }, outputs);
      outputs.forEach((name, i) =>
        addRows(
          results[name]!.data as Float32Array,
          part.length,
          (sums[i] ??= new Float64Array(results[name]!.data.length / part.length)),
        ),
      );
    }
    return momentsOf(sums[0] ?? new Float64Array(), sums[1] ?? new Float64Array(), half.length);
  }
}

const squaresOf = (value: string): string => `kneepoint.squares/${value}`;

/** The network up to a value: its mean and the mean of its squares, of each channel, come out. */
function withMoments(model: ModelProto, value: string): ModelProto {
  const copy = cloneModel(model);
  const squares = squaresOf(value);
  copy.graph!.node.push(
    create(NodeProtoSchema, { name: squares, opType: 'Mul', input: [value, value], output: [squares] }),
  );
  return exposePooled(copy, [value, squares]);
}

function addRows(rows: Float32Array, count: number, into: Float64Array): void {
  const width = rows.length / count;
  rows.forEach((value, i) => (into[i % width]! += value));
}

function momentsOf(sum: Float64Array, squares: Float64Array, count: number): Moments {
  const mean = sum.map((total) => total / count);
  return { mean, variance: squares.map((total, i) => Math.max(0, total / count - mean[i]! ** 2)) };
}
