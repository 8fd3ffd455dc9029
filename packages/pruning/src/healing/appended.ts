import { create } from '@bufbuild/protobuf';
import type { AttributeValue, GraphProto, ModelProto } from '@kneepoint/onnx';
import {
  capturedValues,
  cloneModel,
  DataType,
  Graph,
  intTensor,
  NodeProtoSchema,
  setAttr,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';

/** A copy of a model with nodes added and other outputs, and inputs where it is cut open. Weights are shared with the model given. */
export class Appended {
  readonly opset: number;
  private readonly model: ModelProto;
  private readonly proto: GraphProto;
  private readonly outputs = new Set<string>();
  private readonly fed = new Map<string, readonly (number | string)[]>();
  private readonly types = new Map<string, DataType>();
  private count = 0;

  constructor(model: ModelProto) {
    this.model = cloneModel(model);
    this.proto = this.model.graph!;
    this.opset = new Graph(model).opset;
  }

  /** A node with one output. */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.fresh(opType),
  ): string {
    const made = create(NodeProtoSchema, { name: output, opType, input: [...input], output: [output] });
    for (const [name, value] of Object.entries(attributes)) setAttr(made, name, value);
    this.proto.node.push(made);
    return output;
  }

  ints(values: readonly number[]): string {
    const name = this.fresh('ints');
    this.proto.initializer.push(writeTensor(name, intTensor(values)));
    return name;
  }

  floats(dims: readonly number[], data: Float32Array): string {
    const name = this.fresh('floats');
    this.proto.initializer.push(writeTensor(name, { dims, type: DataType.FLOAT, data }));
    return name;
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.node('Reshape', [value, this.ints(dims)]);
  }

  transpose(value: string, perm: readonly number[]): string {
    return perm.every((axis, i) => axis === i) ? value : this.node('Transpose', [value], { perm });
  }

  /** Mean over one axis, which stays with size 1. */
  mean(value: string, axis: number, output?: string): string {
    return this.opset >= 18
      ? this.node('ReduceMean', [value, this.ints([axis])], { keepdims: 1 }, output)
      : this.node('ReduceMean', [value], { axes: [axis], keepdims: 1 }, output);
  }

  /** A value that the caller feeds; one that a node makes is no longer computed. */
  feed(name: string, dims: readonly (number | string)[], type: DataType = DataType.FLOAT): string {
    this.fed.set(name, dims);
    this.types.set(name, type);
    return name;
  }

  output(name: string): void {
    this.outputs.add(name);
  }

  /** The model with what its outputs need, and nothing else. An output is of the type that the runtime finds. */
  build(): ModelProto {
    const graph = new Graph(this.model);
    const used = new Set<string>();
    const open = [...this.outputs];
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      if (value === '' || used.has(value)) continue;
      used.add(value);
      const node = this.fed.has(value) ? undefined : graph.producer(value);
      if (node) open.push(...node.input, ...capturedValues(node));
    }
    const nodes = graph.topological().filter((node) => {
      return node.output.some((value) => used.has(value) && !this.fed.has(value));
    });
    for (const node of nodes) node.output = node.output.map((value) => (this.fed.has(value) ? '' : value));
    const inputs = graph.inputs.filter(({ name }) => used.has(name) && !this.fed.has(name));
    const fed = [...this.fed].filter(([name]) => used.has(name));
    this.proto.node = nodes;
    this.proto.initializer = this.proto.initializer.filter(({ name }) => used.has(name));
    this.proto.input = [...inputs, ...fed.map(([name, dims]) => valueInfo(name, dims, this.types.get(name)))];
    this.proto.valueInfo = [];
    this.proto.output = [...this.outputs].map((name) => {
      const info = valueInfo(name);
      delete (info as { type?: unknown }).type;
      return info;
    });
    return this.model;
  }

  private fresh(stem: string): string {
    this.count += 1;
    return `kneepoint.heal/${stem}${this.count}`;
  }
}
