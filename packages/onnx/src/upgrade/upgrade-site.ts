import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { Graph } from '../graph.ts';
import type { NodeProto } from '../proto.ts';
import { NodeProtoSchema } from '../proto.ts';
import type { Tensor } from '../tensor.ts';
import { floatTensor, intTensor, writeTensor } from '../tensor.ts';

/** A node on its way to another version of its operator. Rules change `node` in place and put others around it. */
export class UpgradeSite {
  readonly node: NodeProto;
  /** Nodes that go before and after this one. */
  readonly before: NodeProto[] = [];
  readonly after: NodeProto[] = [];
  private readonly graph: Graph;
  private readonly made = new Map<string, Tensor>();
  private readonly names: Set<string>;
  private readonly shapes: Map<string, readonly number[]>;
  private readonly label: string;

  /** @param names every name of a value of the graph; new ones are added @param shapes by value; those of new values are added */
  constructor(node: NodeProto, graph: Graph, names: Set<string>, shapes: Map<string, readonly number[]>) {
    this.node = node;
    this.graph = graph;
    this.names = names;
    this.shapes = shapes;
    this.label = `node ${graph.nodeName(node)} (${node.opType})`;
  }

  /** The measured shape of an input. Throws SHAPES_INCOMPLETE. */
  shape(input: number): readonly number[] {
    const shape = this.knownShape(input);
    if (shape) return shape;
    throw new Failure('SHAPES_INCOMPLETE', `the shape of ${this.node.input[input]} is not known`, {
      where: this.label,
    });
  }

  knownShape(input: number): readonly number[] | undefined {
    const value = this.node.input[input] ?? '';
    return this.shapes.get(value) ?? this.graph.constant(value)?.dims;
  }

  /** The constant behind an input, undefined when the graph computes it. */
  constant(input: number): Tensor | undefined {
    const value = this.node.input[input] ?? '';
    return this.made.get(value) ?? this.graph.constant(value);
  }

  /** Sets an input, with absent ones before it where there are none. '' makes it absent. */
  setInput(position: number, value: string): void {
    while (this.node.input.length <= position) this.node.input.push('');
    this.node.input[position] = value;
  }

  /** Sets an input to a list of integers. */
  setInts(position: number, values: readonly number[]): void {
    this.setInput(position, this.constantOf(intTensor(values)));
  }

  /** Sets an input to a float without dimensions. */
  setScalar(position: number, value: number): void {
    this.setInput(position, this.constantOf(floatTensor([], [value])));
  }

  setFloats(position: number, values: readonly number[]): void {
    this.setInput(position, this.constantOf(floatTensor([values.length], values)));
  }

  /** Feeds an input through a Reshape first. */
  reshapeInput(position: number, dims: readonly number[]): void {
    const value = this.fresh('reshaped');
    this.before.push(reshape(this.node.input[position]!, this.constantOf(intTensor(dims)), value));
    this.shapes.set(value, dims);
    this.setInput(position, value);
  }

  /** Lets the node make its first output in other dimensions and reshapes it to what it was. */
  reshapeOutput(inner: readonly number[], outer: readonly number[]): void {
    const output = this.node.output[0]!;
    const value = this.fresh('inner');
    this.after.push(reshape(value, this.constantOf(intTensor(outer)), output));
    this.shapes.set(value, inner);
    this.node.output[0] = value;
  }

  /** Leaves the node with its first outputs only. Throws MODEL_OPSET_UNSUPPORTED when another one is read. */
  keepOutputs(count: number): void {
    for (const output of this.node.output.slice(count)) {
      if (output !== '' && (this.graph.consumers(output).length > 0 || this.graph.isOutput(output))) {
        throw this.refusal(`its output ${output} is gone in newer versions`);
      }
    }
    this.node.output.length = Math.min(this.node.output.length, count);
  }

  refusal(why: string): Failure {
    return new Failure('MODEL_OPSET_UNSUPPORTED', why, {
      where: this.label,
      fix: 'export the model for opset 18',
    });
  }

  private constantOf(tensor: Tensor): string {
    const name = this.fresh('operand');
    this.graph.proto.initializer.push(writeTensor(name, tensor));
    this.shapes.set(name, tensor.dims);
    this.made.set(name, tensor);
    return name;
  }

  private fresh(kind: string): string {
    let name = `${this.node.output[0] ?? this.node.opType}.${kind}`;
    while (this.names.has(name)) name += '_';
    this.names.add(name);
    return name;
  }
}

function reshape(value: string, shape: string, output: string): NodeProto {
  return create(NodeProtoSchema, {
    name: `${output}.reshape`,
    opType: 'Reshape',
    input: [value, shape],
    output: [output],
  });
}
