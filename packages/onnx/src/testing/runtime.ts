import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { cloneModel, encodeModel } from '../codec.ts';
import type { ModelProto } from '../proto.ts';
import { seededRandom } from '../random.ts';
import { valueInfo } from '../value-info.ts';

export type Shapes = Map<string, readonly number[]>;
export type Outputs = Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>;

/** What ONNX Runtime computes for float inputs. */
export async function runModel(
  model: ModelProto | Uint8Array,
  feeds: Readonly<Record<string, { dims: readonly number[]; data: Float32Array }>>,
): Promise<Outputs> {
  const bytes = model instanceof Uint8Array ? model : encodeModel(model);
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const inputs = Object.entries(feeds).map(([name, { dims, data }]) => [name, new OrtTensor('float32', data, dims)]);
  const results = await session.run(Object.fromEntries(inputs) as Record<string, OrtTensor>);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, { dims: value.dims, data: value.data as Float32Array }]),
  );
}

/** The shape of every node output for a batch of one, as ONNX Runtime finds it. */
export async function shapesOf(model: ModelProto, input: string, dims: readonly number[]): Promise<Shapes> {
  const exposed = cloneModel(model);
  if (!exposed.graph) throw new Error('no graph');
  const known = new Set(exposed.graph.output.map((value) => value.name));
  for (const name of exposed.graph.node.flatMap((node) => node.output)) {
    if (known.has(name) || name === '') continue;
    const value = valueInfo(name);
    delete value.type;
    exposed.graph.output.push(value);
  }
  const results = await runModel(exposed, { [input]: { dims, data: noise(dims, 1) } });
  return new Map([[input, dims], ...Object.entries(results).map(([name, { dims: found }]) => [name, found] as const)]);
}

/** Normal noise of the given shape. */
export function noise(dims: readonly number[], seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());
}

/** The largest absolute difference of two lists. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return most;
}
