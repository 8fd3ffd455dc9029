import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, DataType, elementCount, Graph, inputSpec, NodeProtoSchema, valueInfo } from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import type { Dense } from '../session/session.ts';
import { keepOutputs } from './keep-outputs.ts';

export interface ShapesOptions {
  /** The image to run, 1 × C × H × W. Default: zeros. */
  readonly input?: Dense;
}

/**
 * The dimensions of every value of a model at batch 1, by running it: input, and whatever a node makes that is read by another node
 * or is an output. The runtime is asked for shapes only, so no activation is kept or copied. Values that it cannot expose
 * (sequences, maps) are absent, as is the inside of If and Loop. Throws MODEL_INPUT_*, RUNTIME_FEED_INVALID for a fixed batch (see
 * `freeBatch`), RUNTIME_MODEL_REFUSED, RUNTIME_RUN_FAILED.
 */
export async function shapesOf(model: ModelProto, { input }: ShapesOptions = {}): Promise<Map<string, number[]>> {
  const { name, batch, channels, height, width } = inputSpec(model);
  if (batch !== 'free' && batch !== 1) {
    throw new Failure('RUNTIME_FEED_INVALID', `the batch is fixed at ${batch}`, {
      where: `input ${name}`,
      fix: 'make it free with freeBatch',
    });
  }
  const image = input ?? zeros([1, channels, height, width]);
  const shapes = new Map([[name, [...image.dims]]]);
  const values = readableValues(new Graph(model));
  try {
    for (const [value, dims] of await probe(model, values, name, image)) shapes.set(value, dims);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Either the model itself is refused, which is then what this throws, or some value has no shape to ask for.
    await probe(model, [], name, image);
    await search(model, values, name, image, shapes);
  }
  return shapes;
}

/** Halves the values until those without a shape stand alone: few loads, because such values are few. */
async function search(
  model: ModelProto,
  values: readonly string[],
  name: string,
  image: Dense,
  shapes: Map<string, number[]>,
): Promise<void> {
  if (values.length < 2) return;
  const middle = values.length >> 1;
  for (const half of [values.slice(0, middle), values.slice(middle)]) {
    try {
      for (const [value, dims] of await probe(model, half, name, image)) shapes.set(value, dims);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await search(model, half, name, image, shapes);
    }
  }
}

/** Runs the model with a Shape operator on each value; without values, with its own outputs. */
async function probe(
  model: ModelProto,
  values: readonly string[],
  name: string,
  image: Dense,
): Promise<[string, number[]][]> {
  const session = await openSession(values.length === 0 ? model : exposeShapes(model, values), {
    optimization: 'disabled',
    arena: false,
  });
  try {
    const results = await session.run({ [name]: image });
    return values.map((value) => [value, Array.from(results[shapeName(value)]?.data ?? [], Number)]);
  } finally {
    await session.release();
  }
}

function exposeShapes(model: ModelProto, values: readonly string[]): ModelProto {
  const copy = cloneModel(model);
  const { proto } = new Graph(copy);
  for (const value of values) {
    const output = shapeName(value);
    proto.node.push(create(NodeProtoSchema, { name: output, opType: 'Shape', input: [value], output: [output] }));
  }
  keepOutputs(
    copy,
    values.map((value) => valueInfo(shapeName(value), undefined, DataType.INT64)),
  );
  return copy;
}

function shapeName(value: string): string {
  return `kneepoint.shape/${value}`;
}

/** Optional outputs that nobody reads are left alone: asking for them would switch operators into training mode. */
function readableValues(graph: Graph): string[] {
  const made = graph.topological().flatMap((node) => node.output);
  return made.filter((value) => value !== '' && (graph.consumers(value).length > 0 || graph.isOutput(value)));
}

function isRefusal(error: unknown): boolean {
  return error instanceof Failure && (error.code === 'RUNTIME_MODEL_REFUSED' || error.code === 'RUNTIME_RUN_FAILED');
}

function zeros(dims: readonly number[]): Dense {
  return { dims, data: new Float32Array(elementCount(dims)) };
}
