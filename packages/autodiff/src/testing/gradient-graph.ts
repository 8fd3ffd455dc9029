import type { ModelProto, Random, Tensor } from '@kneepoint/onnx';
import { cloneModel, DataType, dimsOf, Graph, isFloatType, readTensor, writeTensor } from '@kneepoint/onnx';
import type { Dense, Session } from '@kneepoint/runtime';
import { openSession } from '@kneepoint/runtime';
import { differentiate } from '../backward/differentiate.ts';
import { Emitter, type Target, type ValueType } from '../emit/emitter.ts';
import { placeForward, weightInput } from '../forward/place.ts';
import type { Draw } from './data.ts';
import { measureTypes } from './value-types.ts';

export interface GradientRequest {
  /** Opset 18; the dimensions of its inputs are numbers. */
  readonly model: ModelProto;
  /** Operands to differentiate by: inputs or initializers. Default: all float ones that a node reads. */
  readonly by?: readonly string[];
  /** Numbers of inputs and initializers: given, or how to draw them. Default: normal for inputs, its own for an initializer. */
  readonly data?: Readonly<Record<string, Draw | Tensor>>;
  /** Whether batch normalisation and dropout are in training mode. Default false. */
  readonly training?: boolean;
}

/** The model with numbers: every operand that is differentiated by is an initializer, all other inputs have data to feed. */
export interface Prepared {
  readonly model: ModelProto;
  readonly by: readonly string[];
  readonly operands: Readonly<Record<string, Tensor>>;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly types: ReadonlyMap<string, ValueType>;
  readonly training: boolean;
}

/** What one run of a gradient graph gives, by name of the model. */
export interface GradientResult {
  readonly outputs: Readonly<Record<string, Dense>>;
  /** Absent where no output depends on the operand. */
  readonly gradients: Readonly<Record<string, Dense>>;
  /** Running statistics after the step. */
  readonly updates: Readonly<Record<string, Dense>>;
}

/** Draws the data and measures all shapes. */
export async function prepareCase(request: GradientRequest, draw: Draw, random: Random): Promise<Prepared> {
  const model = cloneModel(request.model);
  const { proto } = new Graph(model);
  const make = (name: string, dims: readonly number[], own?: Tensor): Tensor => {
    const given = request.data?.[name] ?? own ?? draw;
    if (typeof given !== 'function') return given;
    return { dims, type: DataType.FLOAT, data: Float32Array.from(given(dims, random)) };
  };
  for (const tensor of proto.initializer) {
    if (!request.data?.[tensor.name]) continue;
    const own = readTensor(tensor);
    Object.assign(tensor, writeTensor(tensor.name, make(tensor.name, own.dims, own)));
  }
  const inputs = Object.fromEntries(
    proto.input.map((value) => [value.name, make(value.name, dimsOf(value) as number[])]),
  );
  const types = await measureTypes(model, inputs);
  const floats = Object.entries({
    ...Object.fromEntries(proto.initializer.map((tensor) => [tensor.name, readTensor(tensor)])),
    ...inputs,
  }).filter(([, { type }]) => isFloatType(type));
  const by = request.by ?? floats.map(([name]) => name);
  const operands = Object.fromEntries(floats.filter(([name]) => by.includes(name)));
  for (const name of by) if (inputs[name]) proto.initializer.push(writeTensor(name, inputs[name]));
  proto.input = proto.input.filter(({ name }) => !by.includes(name));
  const feeds = Object.fromEntries(Object.entries(inputs).filter(([name]) => !by.includes(name)));
  return { model, by, operands, feeds, types, training: request.training ?? false };
}

/** A forward graph with the gradients of a weighted sum of its outputs, loaded and ready to run. */
export class GradientGraph {
  readonly session: Session;
  /** Operators of the graph that runs. */
  readonly operators: ReadonlySet<string>;
  private readonly names: { readonly outputs: Names; readonly gradients: Names; readonly updates: Names };
  private readonly fixed: Readonly<Record<string, Dense>>;
  private readonly float: DataType;

  private constructor(
    session: Session,
    operators: ReadonlySet<string>,
    names: GradientGraph['names'],
    fixed: Readonly<Record<string, Dense>>,
    float: DataType,
  ) {
    this.session = session;
    this.operators = operators;
    this.names = names;
    this.fixed = fixed;
    this.float = float;
  }

  /** `weights`: of every float output, the numbers of its weighted sum. `noise` fills the inputs that rules ask for. */
  static async open(
    prepared: Prepared,
    weights: Readonly<Record<string, Tensor>>,
    random: Random,
    { target = 'cpu', float = DataType.FLOAT }: { readonly target?: Target; readonly float?: DataType } = {},
  ): Promise<GradientGraph> {
    const emit = new Emitter({ target, float });
    const { model, types, by, training } = prepared;
    const placed = placeForward(emit, { model, types, trainable: new Set(by), training: () => training });
    const seeds = Object.entries(weights).map(
      ([output, { dims, data }]) => [placed.names.get(output)!, emit.floats(dims, data as Float32Array)] as const,
    );
    const derivatives = differentiate(emit, placed, new Map(seeds));
    const named = (prefix: string, entries: Iterable<readonly [string, string | undefined]>): Names =>
      Object.fromEntries(
        [...entries].flatMap(([name, value]) => {
          if (value === undefined) return [];
          return [[name, emit.namedOutput(value, `${prefix}/${name}`)]];
        }),
      );
    const outputs = new Graph(model).outputs.map(({ name }) => [name, placed.names.get(name)] as const);
    const names = {
      outputs: named('output', outputs),
      gradients: named(
        'gradient',
        by.map((name) => [name, derivatives.get(placed.names.get(name) ?? '')] as const),
      ),
      updates: named('update', placed.updates),
    };
    const fixed = Object.fromEntries([
      ...Object.entries(prepared.feeds).map(([name, tensor]) => [name, asDense(tensor, float)] as const),
      ...[...placed.noise].map(([name, dims]) => {
        const data = Float64Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.uniform());
        return [name, asDense({ dims, type: DataType.DOUBLE, data }, float)] as const;
      }),
      // Running statistics that are not differentiated by are inputs all the same.
      ...new Graph(model).proto.initializer.flatMap((tensor) => {
        if (!emit.has(weightInput(tensor.name))) return [];
        return [[weightInput(tensor.name), asDense(readTensor(tensor), float)] as const];
      }),
    ]);
    const built = emit.build();
    const operators = new Set(built.graph!.node.map((node) => node.opType));
    return new GradientGraph(await openSession(built, { threads: 1 }), operators, names, fixed, float);
  }

  async run(operands: Readonly<Record<string, Tensor>>): Promise<GradientResult> {
    const results = await this.session.run(this.feeds(operands));
    const pick = (names: Names) =>
      Object.fromEntries(Object.entries(names).map(([name, value]) => [name, results[value]!]));
    const { outputs, gradients, updates } = this.names;
    return { outputs: pick(outputs), gradients: pick(gradients), updates: pick(updates) };
  }

  private feeds(operands: Readonly<Record<string, Tensor>>): Record<string, Dense> {
    const feeds = { ...this.fixed };
    for (const [name, tensor] of Object.entries(operands)) feeds[weightInput(name)] = asDense(tensor, this.float);
    return Object.fromEntries(this.session.inputs.map(({ name }) => [name, feeds[name]!]));
  }
}

type Names = Readonly<Record<string, string>>;

function asDense({ dims, type, data }: Tensor, float: DataType): Dense {
  if (!isFloatType(type)) return { dims, data };
  const numbers = data as Float32Array | Float64Array;
  return { dims, data: float === DataType.DOUBLE ? Float64Array.from(numbers) : Float32Array.from(numbers) };
}
