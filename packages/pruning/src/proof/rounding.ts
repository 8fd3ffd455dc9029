import type { ModelProto, Random, TypedArray } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  Graph,
  initializerBehind,
  isFloatType,
  narrowFloat16,
  readTensor,
  seededRandom,
  widenFloat16,
  writeTensor,
} from '@kneepoint/onnx';
import type { ProofBatch, RunModel } from './batches.ts';
import { runAll } from './batches.ts';
import type { BatchOutputs, Unsteady } from './compare.ts';
import { compareOutputs } from './compare.ts';
import { isLearned } from './he-initialise.ts';

/** What rounding alone does to the answers of a network. */
export interface Rounding {
  /** By output the largest difference; of whole numbers the share that changes. */
  readonly perOutput: ReadonlyMap<string, number>;
  readonly unsteady: Unsteady;
}

/** Units in the last place by which a draw is off at most. */
const DRAWS = [1, 1, 4, 4];

/**
 * Measures what rounding does to a network by comparing it with itself: rewritten by the runtime's optimiser, and with every number that
 * is fed or stored off by a few units in the last place. A product of n terms rounded in any order is the exact one of weights that are off
 * by at most n units (Higham 2002, §3.1), so such a draw is what another order of sums, other kernels or other widths may do.
 */
export async function measureRounding(network: ModelProto, given: BatchOutputs, fed: Fed): Promise<Rounding> {
  const seen = await shakenAlone(network, given, fed);
  seen.add(await runAll(network, fed.batches, fed.run, { optimized: true }));
  return seen;
}

interface Fed {
  readonly batches: readonly ProofBatch[];
  readonly run: RunModel;
  readonly seed: number;
}

/** The same of what is fed and stored alone, without the runtime's optimiser, which may do more to a network than rounding. */
export async function shakenAlone(
  network: ModelProto,
  given: BatchOutputs,
  { batches, run, seed }: Fed,
): Promise<Changes> {
  const seen = new Changes(given);
  for (const [i, units] of DRAWS.entries()) {
    const random = seededRandom(seed + 101 * i);
    const fed = batches.map((batch) => shakenBatch(batch, random, units));
    seen.add(await runAll(shaken(network, random, units), fed, run));
  }
  return seen;
}

/** A copy of which every stored weight is off by up to so many units in the last place. */
export function shaken(model: ModelProto, random: Random, units: number): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const weights = new Set<string>();
  for (const node of graph.proto.node) {
    node.input.forEach((name, input) => {
      const source = isLearned(node, input) || isScale(node.opType, input) ? initializerBehind(graph, name) : undefined;
      if (source !== undefined) weights.add(source);
    });
  }
  graph.proto.initializer = graph.proto.initializer.map((tensor) => {
    if (!weights.has(tensor.name) || !isFloatType(tensor.dataType)) return tensor;
    const { dims, type, data } = readTensor(tensor);
    return writeTensor(tensor.name, { dims, type, data: off(data, random, units * unitOf(type)) });
  });
  return copy;
}

/** Feeds of floats off by up to so many units in the last place; whole numbers are exact. */
function shakenBatch({ images, feeds }: ProofBatch, random: Random, units: number): ProofBatch {
  return {
    images,
    feeds: feeds.map(({ name, dims, data }) => ({ name, dims, data: offFeed(data, random, units) })),
  };
}

function offFeed(data: TypedArray, random: Random, units: number): TypedArray {
  if (data instanceof Float32Array) return off(data, random, units * unitOf(DataType.FLOAT));
  if (data instanceof Float64Array) return off(data, random, units * unitOf(DataType.DOUBLE));
  // Of 16-bit codes those of floats alone are fed: no network takes whole numbers of 16 bits for images.
  if (!(data instanceof Uint16Array)) return data;
  const wide = off(widenFloat16(data), random, units * unitOf(DataType.FLOAT16)) as Float32Array;
  return narrowFloat16(wide);
}

function off(data: TypedArray, random: Random, most: number): TypedArray {
  const result = (data as Float32Array).slice();
  for (let i = 0; i < result.length; i++) result[i]! *= 1 + most * (2 * random.uniform() - 1);
  return result;
}

/** The scales of a quantisation, which decide how its ties round. */
function isScale(operator: string, input: number): boolean {
  return input === 1 && (operator === 'QuantizeLinear' || operator === 'DequantizeLinear');
}

/** A unit in the last place, relative to the number. */
function unitOf(type: DataType): number {
  return UNITS.get(type) ?? 2 ** -23;
}

const UNITS: ReadonlyMap<DataType, number> = new Map([
  [DataType.DOUBLE, 2 ** -52],
  [DataType.FLOAT16, 2 ** -10],
  [DataType.BFLOAT16, 2 ** -7],
]);

/** What changed in at least one of several runs; one at a time, since answers may be large. */
class Changes implements Rounding {
  readonly perOutput = new Map<string, number>();
  readonly unsteady = new Map<string, ('all' | Uint8Array | undefined)[]>();
  private readonly given: BatchOutputs;

  constructor(given: BatchOutputs) {
    this.given = given;
    for (const [name, { whole }] of given.results[0] ?? []) {
      const marks = given.results.map((result) => (whole ? new Uint8Array(result.get(name)!.data.length) : undefined));
      this.unsteady.set(name, marks);
    }
  }

  add(other: BatchOutputs): void {
    for (const [name, marks] of this.unsteady) {
      this.given.results.forEach((result, batch) => {
        const [data, found] = [result.get(name)!.data, other.results[batch]?.get(name)?.data];
        const mark = marks[batch];
        if (found?.length !== data.length) marks[batch] = 'all';
        else if (mark instanceof Uint8Array)
          for (let i = 0; i < data.length; i++) if (found[i] !== data[i]) mark[i] = 1;
      });
    }
    // Where the length is another there is nothing to subtract.
    const ofOtherLength: Unsteady = new Map(
      [...this.unsteady].map(([name, marks]) => [name, marks.map((mark) => (mark === 'all' ? mark : undefined))]),
    );
    for (const { name, diff } of compareOutputs(other, this.given, ofOtherLength).perOutput)
      this.perOutput.set(name, Math.max(this.perOutput.get(name) ?? 0, diff));
  }
}
