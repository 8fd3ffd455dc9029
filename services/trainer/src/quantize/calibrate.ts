import { cloneModel, type ModelProto, valueInfo } from '@kneepoint/onnx';
import { Failure } from '@kneepoint/failures';
import { Histogram, valuesToRange } from '@kneepoint/pruning';
import type { TaskContext } from '@kneepoint/runtime';
import { runBatches, type RunRequest } from '../rows/answers.ts';

/** What every value that is rounded takes over the rows, in one pass. The network runs as it is written, so that no value is fused away. */
export async function calibrate(
  request: Omit<RunRequest, 'provider' | 'signal' | 'optimization'>,
  { signal, progress }: Pick<TaskContext, 'signal' | 'progress'>,
): Promise<ReadonlyMap<string, Histogram>> {
  const { model, rows, source } = request;
  const histograms = new Map(valuesToRange(model).map((value) => [value, new Histogram()]));
  const inside = [...histograms.keys()].filter((value) => value !== source.input);
  progress({ done: 0, until: 4, total: 10, unit: 'stages', message: 'reading ranges' });
  const input = watched(request.source, histograms.get(source.input));
  await runBatches(
    { ...request, source: input, model: exposed(model, inside), provider: 'cpu', signal, optimization: 'disabled' },
    inside.length > 0 ? inside : [model.graph!.output[0]!.name],
    (results, done) => {
      for (const value of inside) counted(histograms.get(value)!, value, results[value]!.data as Float32Array);
      progress({ done, total: rows.length, unit: 'images', message: 'reading ranges' });
    },
  );
  progress({ done: 4, until: 10, total: 10, unit: 'stages', message: 'trying which layers bear it' });
  return histograms;
}

function counted(histogram: Histogram, value: string, numbers: Float32Array): void {
  try {
    histogram.add(numbers);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('QUANTIZE_NOT_BORNE', `${value} takes ${error.message} on a training image`, {
      where: value,
      fix: 'deliver it as float, and look for what overflows in it',
    });
  }
}

/** The images themselves, which are no output of the network. */
function watched(source: RunRequest['source'], histogram: Histogram | undefined): RunRequest['source'] {
  if (!histogram) return source;
  return {
    input: source.input,
    dims: source.dims,
    fill: async (rows, copies, out) => {
      const mirrored = await source.fill(rows, copies, out);
      const length = source.dims.reduce((product, dim) => product * dim, 1);
      counted(histogram, source.input, out.subarray(0, rows.length * length));
      return mirrored;
    },
  };
}

function exposed(model: ModelProto, values: readonly string[]): ModelProto {
  const copy = cloneModel(model);
  const known = new Set(copy.graph!.output.map(({ name }) => name));
  for (const value of values) {
    if (known.has(value)) continue;
    const info = valueInfo(value);
    delete info.type;
    copy.graph!.output.push(info);
  }
  return copy;
}
