import { clone, create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { AttributeValue } from './attributes.ts';
import { setAttr } from './attributes.ts';
import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from './proto.ts';
import { DataType, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema } from './proto.ts';
import type { Tensor } from './tensor.ts';
import { writeTensor } from './tensor.ts';
import { valueInfo } from './value-info.ts';

export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface ConvOptions {
  readonly bias?: Tensor;
  readonly stride?: number;
  readonly pad?: number;
  readonly group?: number;
  readonly dilation?: number;
  readonly name?: string;
}

/** Constants up to this many elements are compared by content, so that a repeated shape or scale is stored once. */
const COMPARED = 4096;

/**
 * Makes ONNX models in code. Every method that makes a value gives back its name. Names are deterministic: `conv1`, `conv2`,
 * `relu1`, ... for nodes and their outputs, `const1`, ... for unnamed constants.
 *
 * @example
 * const net = new GraphBuilder();
 * const x = net.input('image', ['N', 3, 8, 8]);
 * net.output(net.relu(net.conv(x, weight, { pad: 1 })), ['N', 4, 8, 8]);
 * const model = net.build();
 */
export class GraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly names = new Set<string>();
  private readonly counters = new Map<string, number>();
  private readonly byContent = new Map<string, string>();
  private readonly byIdentity = new Map<Tensor, string>();
  private readonly opset: number;
  private readonly graphName: string;

  constructor(options: { readonly opset?: number; readonly name?: string } = {}) {
    this.opset = options.opset ?? 17;
    this.graphName = options.name ?? 'kneepoint';
  }

  /** A value that the caller feeds: numbers are fixed dimensions, strings free ones. */
  input(name: string, dims: readonly (number | string)[], type: DataType = DataType.FLOAT): string {
    this.claim(name);
    this.inputs.push(valueInfo(name, dims, type));
    return name;
  }

  /** A constant. Without a name, equal constants are stored once. */
  init(tensor: Tensor, name?: string): string {
    const known = name === undefined ? this.known(tensor) : undefined;
    if (known !== undefined) return known;
    const chosen = name === undefined ? this.fresh('const') : this.claim(name);
    this.initializers.push(writeTensor(chosen, tensor));
    if (name === undefined) this.remember(tensor, chosen);
    return chosen;
  }

  /** A stored tensor as it is, for instance one without its values. */
  initProto(tensor: TensorProto): string {
    this.claim(tensor.name);
    this.initializers.push(tensor);
    return tensor.name;
  }

  /** A node with one output. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    return this.multi(op, inputs, 1, attributes, name)[0]!;
  }

  /** A node with several outputs. */
  multi(op: string, inputs: readonly string[], outputs: number, attributes: Attributes = {}, name?: string): string[] {
    const chosen = name === undefined ? this.fresh(op.toLowerCase()) : this.claim(name);
    const values = Array.from({ length: outputs }, (_, i) => (i === 0 ? chosen : this.claim(`${chosen}.${i}`)));
    const node = create(NodeProtoSchema, { name: chosen, opType: op, input: [...inputs], output: values });
    for (const [key, value] of Object.entries(attributes)) setAttr(node, key, value);
    this.nodes.push(node);
    return values;
  }

  /** A copy of a node with other inputs and fresh outputs; '' stays an absent input or output. */
  copy(node: NodeProto, inputs: readonly string[]): string[] {
    const copied = clone(NodeProtoSchema, node);
    copied.name = this.fresh(node.opType.toLowerCase());
    copied.input = [...inputs];
    copied.output = node.output.map((output, i) => {
      if (output === '') return '';
      return i === 0 ? copied.name : this.claim(`${copied.name}.${i}`);
    });
    this.nodes.push(copied);
    return copied.output;
  }

  /** Conv with a weight of out × in/group × kernel...; stride, pad and dilation are the same along every axis. */
  conv(x: string, weight: Tensor, options: ConvOptions = {}): string {
    const { bias, stride = 1, pad = 0, group = 1, dilation = 1, name } = options;
    const kernel = weight.dims.slice(2);
    const label = name ?? this.peek('conv');
    const inputs = [x, this.init(weight, `${label}.weight`)];
    if (bias) inputs.push(this.init(bias, `${label}.bias`));
    const attributes = {
      kernel_shape: kernel,
      strides: kernel.map(() => stride),
      pads: kernel.flatMap(() => [pad, pad]),
      dilations: kernel.map(() => dilation),
      group,
    };
    return this.node('Conv', inputs, attributes, label);
  }

  /** x · weightᵀ + bias with a weight of out × in. */
  gemm(x: string, weight: Tensor, bias?: Tensor, name?: string): string {
    const label = name ?? this.peek('gemm');
    const inputs = [x, this.init(weight, `${label}.weight`)];
    if (bias) inputs.push(this.init(bias, `${label}.bias`));
    return this.node('Gemm', inputs, { transB: 1 }, label);
  }

  relu(x: string): string {
    return this.node('Relu', [x]);
  }

  /** Square max pooling without padding. */
  maxPool(x: string, kernel = 2, stride = kernel): string {
    return this.node('MaxPool', [x], { kernel_shape: [kernel, kernel], strides: [stride, stride] });
  }

  globalAveragePool(x: string): string {
    return this.node('GlobalAveragePool', [x]);
  }

  flatten(x: string): string {
    return this.node('Flatten', [x], { axis: 1 });
  }

  /** Marks a value as an output of the model. */
  output(value: string, dims?: readonly (number | string | undefined)[], type: DataType = DataType.FLOAT): string {
    this.outputs.push(valueInfo(value, dims, type));
    return value;
  }

  /** The model: IR version 8, default domain at the builder's opset. Throws MODEL_BUILD without an output. */
  build(): ModelProto {
    if (this.outputs.length === 0)
      throw new Failure('MODEL_BUILD', 'the graph has no output', { fix: 'call output()' });
    return create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: 'kneepoint',
      opsetImport: [{ domain: '', version: BigInt(this.opset) }],
      graph: create(GraphProtoSchema, {
        name: this.graphName,
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      }),
    });
  }

  private fresh(stem: string): string {
    return this.claim(this.peek(stem));
  }

  private peek(stem: string): string {
    for (;;) {
      const count = (this.counters.get(stem) ?? 0) + 1;
      this.counters.set(stem, count);
      const name = `${stem}${count}`;
      if (!this.names.has(name)) return name;
    }
  }

  private claim(name: string): string {
    if (name === '' || this.names.has(name)) {
      throw new Failure('MODEL_BUILD', name === '' ? 'a name is empty' : `the name ${name} is taken`, {
        where: `graph ${this.graphName}`,
      });
    }
    this.names.add(name);
    return name;
  }

  private known(tensor: Tensor): string | undefined {
    return this.byIdentity.get(tensor) ?? this.byContent.get(contentKey(tensor) ?? '');
  }

  private remember(tensor: Tensor, name: string): void {
    this.byIdentity.set(tensor, name);
    const key = contentKey(tensor);
    if (key !== undefined) this.byContent.set(key, name);
  }
}

function contentKey(tensor: Tensor): string | undefined {
  if (tensor.data.length > COMPARED) return undefined;
  // String(-0) is "0", which would merge two different constants.
  const values = Array.from(tensor.data as ArrayLike<number | bigint>, (v) => (Object.is(v, -0) ? '-0' : String(v)));
  return `${tensor.type}[${tensor.dims.join(',')}]${values.join(',')}`;
}
