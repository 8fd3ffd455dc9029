import type { Random, Tensor } from '@kneepoint/onnx';
import { DataType, elementCount, isFloatType, seededRandom } from '@kneepoint/onnx';
import type { Dense } from '@kneepoint/runtime';
import { normal } from './data.ts';
import { GradientGraph, type GradientRequest, type Prepared, prepareCase } from './gradient-graph.ts';

export interface GradientCheck extends GradientRequest {
  readonly seed?: number;
  /** Largest error allowed in float64, relative to the largest number of the same gradient. Default 1e-6. */
  readonly double?: number;
  /** The same in float32, for the real kernels. Default 1e-2: a difference quotient of float32 numbers is no better. */
  readonly single?: number;
  /** The same between float32 and float64, and between the graph for CUDA and that for the CPU. Default 1e-4. */
  readonly agreement?: number;
  /**
   * Half the distance of a difference quotient, default 1e-5 and 1e-2. A whole network has thousands of corners near its
   * weights, which shorter steps rarely cross.
   */
  readonly steps?: { readonly double: number; readonly single: number };
}

/** Without a kernel in the CUDA provider: docs/OperatorKernels.md of ONNX Runtime. */
const NOT_ON_CUDA = 'MaxUnpool Col2Im Mean LpNormalization LpPool GlobalLpPool Hardmax'.split(' ');

/** More elements of an operand than this are sampled; random directions cover the rest. */
const ELEMENTS = 24;
const DIRECTIONS = 3;

/**
 * Throws unless the gradients of a random weighted sum of all float outputs agree with central differences: in float64, in
 * float32 on the kernels that train, and the two with each other; and unless the graph made for CUDA gives the same.
 */
export async function checkGradient(check: GradientCheck): Promise<void> {
  const { seed = 1, double = 1e-6, single = 1e-2, agreement = 1e-4, steps = { double: 1e-5, single: 1e-2 } } = check;
  const random = seededRandom(seed);
  const prepared = await prepareCase(check, normal, random);
  const weights = outputWeights(prepared, random);
  const open = (options: Parameters<typeof GradientGraph.open>[3]) =>
    GradientGraph.open(prepared, weights, seededRandom(seed + 1), options);
  const graphs = {
    double: await open({ float: DataType.DOUBLE }),
    single: await open({}),
    cuda: await open({ target: 'cuda' }),
  };
  try {
    const probes = () => seededRandom(seed + 2);
    const exact = await differences(graphs.double, prepared, weights, steps.double, probes(), double, 'float64');
    await differences(graphs.single, prepared, weights, steps.single, probes(), single, 'float32');
    for (const graph of [graphs.single, graphs.cuda]) {
      const { outputs, gradients } = await graph.run(prepared.operands);
      const label = graph === graphs.cuda ? 'the graph for CUDA' : 'float32';
      for (const [name, { data }] of Object.entries(exact.gradients)) {
        compare(`${label}, by ${name}`, numbers(gradients[name]!), numbers({ data }), agreement);
      }
      for (const [name, { data }] of Object.entries(exact.outputs)) {
        compare(`${label}, output ${name}`, numbers(outputs[name]!), numbers({ data }), agreement);
      }
    }
    const missing = NOT_ON_CUDA.filter((operator) => graphs.cuda.operators.has(operator));
    if (missing.length > 0) throw new Error(`the graph for CUDA has ${missing.join(', ')}`);
  } finally {
    await Promise.all(Object.values(graphs).map(({ session }) => session.release()));
  }
}

/** Gradients and outputs of a case in float32, for tests of particular numbers. `weights`: of the outputs, default random. */
export async function gradientsOf(
  request: GradientRequest & {
    readonly seed?: number;
    readonly float?: DataType;
    readonly target?: 'cpu' | 'cuda';
    readonly weights?: Readonly<Record<string, Tensor>>;
  },
) {
  const random = seededRandom(request.seed ?? 1);
  const prepared = await prepareCase(request, normal, random);
  const weights = request.weights ?? outputWeights(prepared, random);
  const { float = DataType.FLOAT, target = 'cpu' } = request;
  const graph = await GradientGraph.open(prepared, weights, random, { float, target });
  try {
    return { ...(await graph.run(prepared.operands)), weights, operators: graph.operators };
  } finally {
    await graph.session.release();
  }
}

function outputWeights({ model, types }: Prepared, random: Random): Record<string, Tensor> {
  return Object.fromEntries(
    model.graph!.output.flatMap(({ name }) => {
      const { dims, type } = types.get(name)!;
      if (!isFloatType(type)) return [];
      return [[name, { dims, type: DataType.DOUBLE, data: Float64Array.from(normal(dims, random)) }]];
    }),
  );
}

async function differences(
  graph: GradientGraph,
  { operands }: Prepared,
  weights: Readonly<Record<string, Tensor>>,
  step: number,
  random: Random,
  tolerance: number,
  label: string,
) {
  const loss = async (moved: Readonly<Record<string, Tensor>>): Promise<number> => {
    const { outputs } = await graph.run(moved);
    return Object.entries(weights).reduce(
      (sum, [name, { data }]) => sum + dot(numbers({ data }), numbers(outputs[name]!)),
      0,
    );
  };
  const result = await graph.run(operands);
  for (const [name, operand] of Object.entries(operands)) {
    const count = elementCount(operand.dims);
    const given = result.gradients[name] ? numbers(result.gradients[name]) : new Array<number>(count).fill(0);
    const at = async (direction: readonly number[]): Promise<number> => {
      const [up, down] = [step, -step].map((h) => ({ ...operands, [name]: moved(operand, direction, h) }));
      return ((await loss(up!)) - (await loss(down!))) / (2 * step);
    };
    const probes = [
      ...sample(count, random).map((i) => Array.from({ length: count }, (_, j) => (i === j ? 1 : 0))),
      ...(count > ELEMENTS ? Array.from({ length: DIRECTIONS }, () => unit(count, random)) : []),
    ];
    const found: number[] = [];
    for (const probe of probes) found.push(await at(probe));
    const expected = probes.map((probe) => dot(probe, given));
    compare(`${label} difference quotient, by ${name}`, found, expected, tolerance);
  }
  return result;
}

/** Throws unless no element differs by more than `tolerance` of the largest one, or of 1 where all are smaller. */
function compare(label: string, found: readonly number[], expected: readonly number[], tolerance: number): void {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  if (found.length !== expected.length) throw new Error(`${label}: ${found.length} numbers, not ${expected.length}`);
  found.forEach((value, i) => {
    // Written so that NaN fails.
    if (Math.abs(value - expected[i]!) <= tolerance * scale) return;
    throw new Error(`${label}: element ${i} is ${value}, expected ${expected[i]} (allowed ${tolerance * scale})`);
  });
}

function sample(count: number, random: Random): number[] {
  if (count <= ELEMENTS) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: ELEMENTS }, () => Math.floor(count * random.uniform()));
}

/** A random direction of length 1. */
function unit(count: number, random: Random): number[] {
  const values = Array.from({ length: count }, () => random.normal());
  const length = Math.sqrt(dot(values, values));
  return values.map((value) => value / length);
}

function moved({ dims, data }: Tensor, direction: readonly number[], h: number): Tensor {
  const values = Float64Array.from(data as Float32Array, (value, i) => value + h * direction[i]!);
  return { dims, type: DataType.DOUBLE, data: values };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function numbers({ data }: Pick<Dense, 'data'>): number[] {
  return Array.from(data as ArrayLike<number>, Number);
}
