import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, dimsOf, encodeModel, Graph, seededRandom, valueInfo } from '@kneepoint/onnx';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { prepare } from '../surgery/prepare.ts';
import type { ProofFeed, RunModel } from '../proof/batches.ts';
import type { ModelOutput } from '../proof/compare.ts';
import type { Shapes } from '../trace/trace.ts';

env.logLevel = 'error';

type Outputs = ReadonlyMap<string, ModelOutput>;

/** Runs a model on several batches in this process, node by node as it is written unless asked otherwise. */
export const runBatches: RunModel = async (model, batches, { optimized = false } = {}) => {
  const session = await open(model, optimized ? 'all' : 'disabled');
  try {
    const outputs: Outputs[] = [];
    for (const feeds of batches) outputs.push(await runOne(session, feeds));
    return outputs;
  } finally {
    await session.release();
  }
};

/** The same for one batch. */
export async function run(model: Uint8Array, feeds: readonly ProofFeed[]): Promise<Outputs> {
  const [outputs] = await runBatches(model, [feeds]);
  return outputs!;
}

async function runOne(session: InferenceSession, feeds: readonly ProofFeed[]): Promise<Outputs> {
  const inputs = Object.fromEntries(
    feeds.map(({ name, dims, data }) => {
      const port = session.inputMetadata.find((input) => input.name === name);
      return [name, new Tensor((port?.isTensor ? port.type : 'float32') as 'float32', data as Float32Array, dims)];
    }),
  );
  const results = await session.run(inputs);
  return new Map(
    Object.entries(results).map(([name, { dims, data, type }]): [string, ModelOutput] => {
      if (type === 'float32') return [name, { dims: [...dims], data: Float32Array.from(data as Float32Array) }];
      const whole = Float64Array.from(data as Uint8Array, Number);
      return [name, { dims: [...dims], data: whole, whole: type !== 'float64' }];
    }),
  );
}

/** Runs a model once; see `run`. */
export async function runModel(model: ModelProto, feeds: readonly ProofFeed[]): Promise<Outputs> {
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

function open(model: Uint8Array, optimization: 'disabled' | 'all' = 'disabled'): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: optimization,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
