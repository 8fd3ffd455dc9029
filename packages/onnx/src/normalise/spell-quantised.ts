import { create } from '@bufbuild/protobuf';
import { floatAttr, intAttr, setAttr } from '../attributes.ts';
import { constantProto, floatConstant, reshapedConstant } from '../fold/constants.ts';
import { Graph, isDefaultDomain } from '../graph.ts';
import type { ModelProto, NodeProto, TensorProto } from '../proto.ts';
import { DataType, NodeProtoSchema } from '../proto.ts';
import { readTensor, tensorDims, tensorNumbers } from '../tensor.ts';

/** Where a fused operator has a quantised operand: its values, scale and zero point. */
interface Operand {
  readonly value: number;
  readonly scale: number;
  readonly zero: number;
  /** The axis along which it may have a scale for each position; without one it has one for all. */
  readonly axis?: number;
}

interface Fused {
  readonly domain: 'standard' | 'com.microsoft';
  /** The operator on plain numbers. */
  readonly op: string;
  readonly operands: readonly Operand[];
  /** Without a scale there the result is plain numbers, where the operator may give those. */
  readonly result: { readonly scale: number; readonly zero: number };
  /** Position of an int32 bias, whose scale is the product of those of the first two operands. */
  readonly bias?: number;
}

const at = (first: number, axis?: number): Operand => ({
  ...{ value: first, scale: first + 1, zero: first + 2 },
  ...(axis === undefined ? {} : { axis }),
});
const one = (op: string): Fused => ({
  ...{ domain: 'com.microsoft', op, operands: [at(0)] },
  result: { scale: 3, zero: 4 },
});
const two = (op: string): Fused => ({
  ...{ domain: 'com.microsoft', op, operands: [at(0), at(3)] },
  result: { scale: 6, zero: 7 },
});

/** Operands one after the other, behind scale and zero point of the result. */
const joined = ({ input }: NodeProto): Fused => ({
  ...{ domain: 'com.microsoft', op: 'Concat' },
  operands: Array.from({ length: Math.floor((input.length - 2) / 3) }, (_, i) => at(2 + 3 * i)),
  result: { scale: 0, zero: 1 },
});
/** A matrix of inputs × outputs, or the other way round. */
const linear = (node: NodeProto): Fused | undefined =>
  // The steps of its bias hold the factor, too.
  floatAttr(node, 'alpha', 1) === 1
    ? {
        ...{ domain: 'com.microsoft', op: 'Gemm', bias: 6 },
        operands: [at(0), at(3, intAttr(node, 'transB', 0) === 1 ? 0 : 1)],
        result: { scale: 7, zero: 8 },
      }
    : undefined;

const FUSED: Readonly<Record<string, Fused | ((node: NodeProto) => Fused | undefined) | undefined>> = {
  QLinearConv: {
    ...{ domain: 'standard', op: 'Conv', operands: [at(0), at(3, 0)], bias: 8 },
    result: { scale: 6, zero: 7 },
  },
  QLinearMatMul: {
    ...{ domain: 'standard', op: 'MatMul', operands: [at(0), at(3, 1)] },
    result: { scale: 6, zero: 7 },
  },
  QLinearAdd: two('Add'),
  QLinearMul: two('Mul'),
  QLinearGlobalAveragePool: one('GlobalAveragePool'),
  QLinearAveragePool: one('AveragePool'),
  QLinearSigmoid: one('Sigmoid'),
  QLinearLeakyRelu: one('LeakyRelu'),
  QLinearConcat: joined,
  QGemm: linear,
};

/** From here on DequantizeLinear takes a scale for each position along an axis. */
const PER_AXIS = 13;

/**
 * Spells fused quantised operators (QLinearConv, QLinearMatMul and ONNX Runtime's like) as DequantizeLinear, the operator on plain
 * numbers and QuantizeLinear: the form that runtimes fuse again, and the only one that channels need to be followed through. What has no
 * stored scales, or works on channels that come last, stays as it is. Changes the model.
 */
export function spellQuantised(model: ModelProto): void {
  const graph = new Graph(model);
  const { proto } = graph;
  const made: TensorProto[] = [];
  proto.node = proto.node.flatMap((node) => {
    const known = FUSED[node.opType];
    const fused = typeof known === 'function' ? known(node) : known;
    const standard = isDefaultDomain(node.domain);
    if (!fused || (fused.domain === 'standard' ? !standard : node.domain !== fused.domain)) return [node];
    if (intAttr(node, 'channels_last', 0) !== 0) return [node];
    return new Spelling(graph, node, fused).nodes(made) ?? [node];
  });
  proto.initializer.push(...made);
}

class Spelling {
  private readonly graph: Graph;
  private readonly node: NodeProto;
  private readonly fused: Fused;
  private readonly name: string;
  private readonly constants: TensorProto[] = [];

  constructor(graph: Graph, node: NodeProto, fused: Fused) {
    this.graph = graph;
    this.node = node;
    this.fused = fused;
    this.name = graph.nodeName(node);
  }

  /** The nodes in the place of the fused one, their constants added to `made`; undefined where it stays. */
  nodes(made: TensorProto[]): NodeProto[] | undefined {
    const { op, operands, result, bias } = this.fused;
    const plain: NodeProto[] = [];
    for (const operand of operands) {
      const read = this.dequantised(operand);
      if (!read) return undefined;
      plain.push(read);
    }
    if (bias !== undefined && this.node.input[bias]) {
      const read = this.biased(bias);
      if (!read) return undefined;
      plain.push(read);
    }
    const attribute = this.node.attribute.filter(({ name }) => name !== 'channels_last');
    const inputs = plain.map(({ output }) => output[0]!);
    if (op === 'Gemm' && !this.node.input[result.scale]) {
      made.push(...this.constants);
      const given = { name: this.name, opType: op, input: inputs, output: [...this.node.output], attribute };
      return [...plain, create(NodeProtoSchema, given)];
    }
    const scale = this.stored(result.scale);
    if (!scale || scale.dims.reduce((count, dim) => count * dim, 1n) !== 1n) return undefined;
    const whole = `${this.name}/plain`;
    const computed = create(NodeProtoSchema, {
      ...{ name: this.name, opType: op, input: inputs, output: [whole], attribute },
    });
    const rounded = create(NodeProtoSchema, {
      ...{ name: `${this.name}/quantise`, opType: 'QuantizeLinear', output: [...this.node.output] },
      input: [whole, this.scalar(result.scale), ...this.zero(result.zero, true)],
    });
    made.push(...this.constants);
    return [...plain, computed, rounded];
  }

  private dequantised({ value, scale, zero, axis }: Operand): NodeProto | undefined {
    const stored = this.stored(scale);
    if (!stored) return undefined;
    const count = tensorDims(stored).reduce((product, dim) => product * dim, 1);
    if (count !== 1 && (axis === undefined || stored.dims.length !== 1 || this.graph.opset < PER_AXIS))
      return undefined;
    const output = `${this.name}/plain${value}`;
    const name = this.node.input[value]!;
    const node = create(NodeProtoSchema, {
      ...{ name: output, opType: 'DequantizeLinear', output: [output] },
      input: [name, count === 1 ? this.scalar(scale) : this.node.input[scale]!, ...this.zero(zero, count === 1)],
    });
    if (count !== 1) setAttr(node, 'axis', axis!);
    return node;
  }

  /** An int32 bias counts in steps of (scale of the input · scale of the weight). */
  private biased(input: number): NodeProto | undefined {
    const [x, w] = this.fused.operands.map(({ scale }) => this.stored(scale));
    const bias = this.stored(input);
    if (!x || !w || !bias) return undefined;
    const [step] = tensorNumbers(readTensor(x));
    const steps = tensorNumbers(readTensor(w)).map((scale) => Math.fround(scale * step!));
    // A row of them, or a matrix of one row.
    const axis = bias.dims.length - 1;
    const many = steps.length > 1;
    if (many && (this.graph.opset < PER_AXIS || bias.dims[axis] !== BigInt(steps.length))) return undefined;
    const scale = floatConstant(`${this.name}/bias_scale`, DataType.FLOAT, many ? [steps.length] : [], steps);
    this.constants.push(scale);
    const output = `${this.name}/plain${input}`;
    const node = create(NodeProtoSchema, {
      ...{ name: output, opType: 'DequantizeLinear', input: [this.node.input[input]!, scale.name], output: [output] },
    });
    if (many) setAttr(node, 'axis', axis);
    return node;
  }

  private stored(input: number): TensorProto | undefined {
    return constantProto(this.graph, this.node.input[input] ?? '');
  }

  /** A single scale as a scalar: a list of one would be taken for one along an axis. */
  private scalar(input: number): string {
    const name = this.node.input[input]!;
    const stored = this.stored(input)!;
    if (stored.dims.length === 0) return name;
    const scalar = reshapedConstant(stored, `${this.name}/scalar${input}`, []);
    this.constants.push(scalar);
    return scalar.name;
  }

  private zero(input: number, single: boolean): string[] {
    if (!this.node.input[input]) return [];
    return [single && this.stored(input) ? this.scalar(input) : this.node.input[input]];
  }
}
