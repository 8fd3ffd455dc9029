import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, dimsOf, encodeModel, Graph, seededRandom, valueInfo } from '@kneepoint/onnx';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { prepare } from '../surgery/prepare.ts';
import type { RunModel } from '../proof/prove.ts';
import type { Shapes } from '../trace/trace.ts';

env.logLevel = 'error';

/** The session of the last run, which the next batch of the same bytes needs too: loading large weights takes longer than running them. */
let last: { readonly model: Uint8Array; readonly session: InferenceSession } | undefined;

/** Runs a model in this process, all optimisations off so that the graph runs as it is written. One call at a time. */
export const run: RunModel = async (model, feeds) => {
  if (last?.model !== model) {
    await last?.session.release();
    last = undefined;
    last = { model, session: await open(model) };
  }
  const { session } = last;
  const inputs = Object.fromEntries(
    feeds.map(({ name, dims, data }) => {
      const port = session.inputMetadata.find((input) => input.name === name);
      return [name, new Tensor((port?.isTensor ? port.type : 'float32') as 'float32', data as Float32Array, dims)];
    }),
  );
  const results = await session.run(inputs);
  return new Map(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { dims: [...dims], data: Float32Array.from(data as Float32Array) },
    ]),
  );
};

/** Runs a model on several batches; see `run`. */
export async function runBatches(
  model: Uint8Array,
  batches: readonly Parameters<RunModel>[1][],
): Promise<Awaited<ReturnType<RunModel>>[]> {
  const outputs: Awaited<ReturnType<RunModel>>[] = [];
  for (const feeds of batches) outputs.push(await run(model, feeds));
  return outputs;
}

/** Runs a model once; see `run`. */
export async function runModel(model: ModelProto, feeds: Parameters<RunModel>[1]): ReturnType<RunModel> {
  return run(encodeModel(model), feeds);
}

/** Every value's shape at batch 1, measured by running the model with all values exposed. */
export async function measureShapes(model: ModelProto): Promise<Shapes> {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const prepared = prepare(model);
  const nodes = [...copy.graph!.node, ...prepared.graph!.node];
  const names = new Set(nodes.flatMap((node) => (SEQUENCES.has(node.opType) ? [] : node.output)));
  const listed = new Set(copy.graph!.output.map((output) => output.name));
  for (const name of names) {
    if (name !== '' && graph.producer(name) && !listed.has(name)) copy.graph!.output.push(valueInfo(name));
  }
  for (const output of copy.graph!.output) if (!listed.has(output.name)) delete (output as { type?: unknown }).type;
  const session = await open(encodeModel(copy));
  try {
    const shapes = new Map<string, readonly number[]>();
    const feeds: Record<string, Tensor> = {};
    for (const input of graph.inputs) {
      const dims = dimsOf(input).map((size) => (typeof size === 'number' ? size : 1));
      shapes.set(input.name, dims);
      feeds[input.name] = new Tensor('float32', noise(dims, 7), dims);
    }
    const results = await session.run(feeds);
    for (const [name, { dims }] of Object.entries(results)) shapes.set(name, [...dims]);
    return shapes;
  } finally {
    await session.release();
  }
}

/** Operators whose results are not tensors, and have no shape. */
const SEQUENCES: ReadonlySet<string> = new Set(['SplitToSequence', 'SequenceConstruct', 'SequenceInsert']);

/** Normal noise of a shape. */
export function noise(dims: readonly number[], seed: number, scale = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal());
}

function open(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
