import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  dimsOf,
  feedData,
  Graph,
  type ImageSize,
  inputFeeds,
  NodeProtoSchema,
  valueInfo,
} from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import type { Dense } from '../session/session.ts';
import { keepOutputs } from './keep-outputs.ts';

export interface ShapesOptions {
  /** The image to run, 1 × C × H × W, for a model with one input. Default: zeros. */
  readonly input?: Dense;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
  /** Images at a time; in place of the batch that the file fixes for its one input of images it must be that one. Default 1. */
  readonly batch?: number;
}

type Feeds = Readonly<Record<string, Dense>>;

/**
 * The dimensions of every value of a model at batch 1, by running it: inputs, and whatever a node makes that is read by another node
 * or is an output. The runtime is asked for shapes only, so no activation is kept or copied. Values that it cannot expose
 * (sequences, maps) are absent, as is the inside of If and Loop. Throws MODEL_INPUT_*, RUNTIME_FEED_INVALID for images whose batch is
 * fixed at another size (see `freeBatch`), RUNTIME_MODEL_REFUSED, RUNTIME_RUN_FAILED.
 */
export async function shapesOf(
  model: ModelProto,
  { input, size, batch = 1 }: ShapesOptions = {},
): Promise<Map<string, number[]>> {
  const graph = new Graph(model);
  refuseOtherBatch(graph, batch);
  const wanted = inputFeeds(model, { batch, ...(size ? { size } : {}) });
  const feeds: Feeds = Object.fromEntries(
    wanted.map((feed, i) => [feed.name, i === 0 && input ? input : { dims: feed.dims, data: feedData(feed) }]),
  );
  const shapes = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, [...dims]]));
  const values = readableValues(graph);
  try {
    for (const [value, dims] of await probe(model, values, feeds)) shapes.set(value, dims);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Either the model itself is refused, which is then what this throws, or some value has no shape to ask for.
    await probe(model, [], feeds);
    await search(model, values, feeds, shapes);
  }
  return shapes;
}

/** The shapes of a model run as it is declared: one image at a time, or as many as the file fixes. */
export async function shapesAsDeclared(
  model: ModelProto,
  size?: ImageSize,
): Promise<{ readonly shapes: Map<string, number[]>; readonly batch: number }> {
  const { inputs } = new Graph(model);
  const dims = inputs.length === 1 ? dimsOf(inputs[0]!) : [];
  const [first] = dims;
  const batch = dims.length === 4 && typeof first === 'number' && first > 0 ? first : 1;
  return { shapes: await shapesOf(model, { batch, ...(size ? { size } : {}) }), batch };
}

function refuseOtherBatch({ inputs }: Graph, batch: number): void {
  const [image] = inputs;
  const [fixed, ...rest] = image ? dimsOf(image) : [];
  if (inputs.length !== 1 || rest.length !== 3 || typeof fixed !== 'number' || fixed <= 0 || fixed === batch) return;
  throw new Failure('RUNTIME_FEED_INVALID', `the batch is fixed at ${fixed}`, {
    where: `input ${image!.name}`,
    fix: 'make it free with freeBatch',
  });
}

/** Halves the values until those without a shape stand alone: few loads, because such values are few. */
async function search(
  model: ModelProto,
  values: readonly string[],
  feeds: Feeds,
  shapes: Map<string, number[]>,
): Promise<void> {
  if (values.length < 2) return;
  const middle = values.length >> 1;
  for (const half of [values.slice(0, middle), values.slice(middle)]) {
    try {
      for (const [value, dims] of await probe(model, half, feeds)) shapes.set(value, dims);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await search(model, half, feeds, shapes);
    }
  }
}

/** Runs the model with a Shape operator on each value; without values, with its own outputs. */
async function probe(model: ModelProto, values: readonly string[], feeds: Feeds): Promise<[string, number[]][]> {
  const session = await openSession(values.length === 0 ? model : exposeShapes(model, values), {
    optimization: 'disabled',
    arena: false,
  });
  try {
    const results = await session.run(feeds);
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
