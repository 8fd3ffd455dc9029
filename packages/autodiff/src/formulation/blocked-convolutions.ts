import { create } from '@bufbuild/protobuf';
import type { Attributes, ModelProto, NodeProto, Tensor } from '@kneepoint/onnx';
import {
  cloneModel,
  elementCount,
  Graph,
  GraphBuilder,
  intAttr,
  intsAttr,
  intTensor,
  isDefaultDomain,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  setAttr,
  stringAttr,
  writeTensor,
} from '@kneepoint/onnx';

/** Where ONNX Runtime keeps its operators on blocked channels. */
const DOMAIN = 'com.microsoft.nchwc';

/** ReorderInput moves channels four at a time. */
const ALIGNMENT = 4;

/**
 * Gives convolutions the layout that ONNX Runtime gives them on a CPU by itself where the weights are constants: channels in blocks
 * of one vector register, N × C/block × H × W × block. In a training step the weights are inputs, which that optimisation passes
 * over; here they are rearranged within the graph, which is little work beside the convolution. The operators are the runtime's own
 * and the block follows the processor, so that this is for a graph about to be run here (see `blockOf`), not for a file to keep.
 */
export function blockConvolutions(
  model: ModelProto,
  block: number,
  shapeOf: (value: string) => readonly number[] | undefined,
): ModelProto {
  return new Blocking(cloneModel(model), block, shapeOf).run();
}

class Blocking {
  private readonly model: ModelProto;
  private readonly graph: Graph;
  private readonly block: number;
  private readonly nodes: NodeProto[] = [];
  /** By value in the plain layout, its twin in blocks. */
  private readonly blocked = new Map<string, string>();
  /** Weights already rearranged. */
  private readonly filters = new Map<string, string>();
  private readonly dropped = new Set<NodeProto>();
  private readonly shapeOf: (value: string) => readonly number[] | undefined;
  private count = 0;

  constructor(model: ModelProto, block: number, shapeOf: (value: string) => readonly number[] | undefined) {
    this.model = model;
    this.graph = new Graph(model);
    this.block = block;
    this.shapeOf = shapeOf;
  }

  run(): ModelProto {
    for (const node of this.graph.topological()) {
      if (this.dropped.has(node)) continue;
      const plan = node.opType === 'Conv' && isDefaultDomain(node.domain) ? this.planOf(node) : undefined;
      if (plan) this.convolve(node, plan);
      else if (!this.moveChannels(node)) this.nodes.push(node);
    }
    if (this.count === 0) return this.model;
    this.model.graph!.node = this.nodes;
    this.model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: DOMAIN, version: 1n }));
    return this.model;
  }

  private convolve(node: NodeProto, plan: Plan): void {
    const { block } = this;
    const [x, weight, bias = ''] = node.input as [string, string, string?];
    const [out] = plan.dims;
    const padded = roundUp(out, block);
    const input = plan.kind === 'fromPlain' ? x : this.reorderInput(x);
    const inputs = [input, this.reorderFilter(weight, plan)];
    if (bias !== '') inputs.push(padded === out ? bias : this.add('Pad', [bias, this.ints([0, padded - out])]));
    const relu = this.reluBehind(node);
    const attributes: Attributes = {
      kernel_shape: plan.dims.slice(2),
      strides: intsAttr(node, 'strides', [1, 1]),
      dilations: intsAttr(node, 'dilations', [1, 1]),
      group: plan.kind === 'dense' || plan.kind === 'fromPlain' ? 1 : intAttr(node, 'group', 1),
      ...padding(node),
      ...(relu ? { activation: 'Relu' } : {}),
    };
    const y = this.add('Conv', inputs, attributes, DOMAIN);
    const output = (relu ?? node).output[0]!;
    this.blocked.set(output, y);
    this.add('ReorderOutput', [y], { channels: out, channels_last: 0 }, DOMAIN, output);
  }

  /** Channels moved behind the positions come out of the blocks faster than out of the plain layout. */
  private moveChannels(node: NodeProto): boolean {
    const [x] = node.input as [string];
    const from = node.opType === 'Transpose' ? this.blocked.get(x) : undefined;
    const channels = this.shapeOf(x)?.[1];
    if (from === undefined || channels === undefined || intsAttr(node, 'perm').join() !== '0,2,3,1') return false;
    this.add('ReorderOutput', [from], { channels, channels_last: 1 }, DOMAIN, node.output[0]);
    return true;
  }

  /** The only reader of a convolution, where that is a ReLU: the kernel does it on its way out. */
  private reluBehind(node: NodeProto): NodeProto | undefined {
    const value = node.output[0]!;
    const [reader, ...others] = this.graph.consumers(value);
    if (!reader || others.length > 0 || this.graph.isOutput(value) || reader.node.opType !== 'Relu') return undefined;
    this.dropped.add(reader.node);
    return reader.node;
  }

  private reorderInput(x: string): string {
    const known =
      this.blocked.get(x) ?? this.reshaped(x) ?? this.add('ReorderInput', [x], { channels_last: 0 }, DOMAIN);
    this.blocked.set(x, known);
    return known;
  }

  /** N × C × ... taken as one image of N · C channels, or as so many kernels: the same blocks in the same order. */
  private reshaped(value: string): string | undefined {
    const producer = this.graph.producer(value);
    if (producer?.opType !== 'Reshape') return undefined;
    const source = producer.input[0]!;
    const [from, to] = [this.shapeOf(source), this.shapeOf(value)];
    if (from?.length !== 4 || to?.length !== 4 || from[1]! % this.block !== 0) return undefined;
    const joined = to[0]! * to[1]! === from[0]! * from[1]! && (to[0] === 1 || to[1] === 1);
    const same = joined && from[2] === to[2] && from[3] === to[3];
    return same ? this.add('Reshape', [this.reorderInput(source), this.ints(to)]) : undefined;
  }

  private reorderFilter(weight: string, { kind, dims }: Plan): string {
    const key = `${kind} ${weight}`;
    const known = this.filters.get(key) ?? (kind === 'depthwise' ? this.reshaped(weight) : undefined);
    if (known !== undefined) return known;
    const { block } = this;
    const [out, inner, height, width] = dims;
    const outer = roundUp(out, block);
    const deep = kind === 'dense' ? roundUp(inner, block) : inner;
    const full =
      outer === out && deep === inner
        ? weight
        : this.add('Pad', [weight, this.ints([0, 0, 0, 0, outer - out, deep - inner, 0, 0])]);
    const blocksInside = kind === 'dense' || kind === 'grouped';
    const split = blocksInside
      ? [outer / block, block, deep / block, block, height, width]
      : [outer / block, block, deep, height, width];
    const apart = this.add('Reshape', [full, this.ints(split)]);
    const turned = this.add('Transpose', [apart], { perm: blocksInside ? [0, 2, 4, 5, 3, 1] : [0, 2, 3, 4, 1] });
    const filter = this.add('Reshape', [turned, this.ints([outer, deep, height, width])]);
    this.filters.set(key, filter);
    return filter;
  }

  /** How a convolution is done in blocks; undefined where the runtime has no kernel for it or it would not pay. */
  private planOf(node: NodeProto): Plan | undefined {
    const dims = this.shapeOf(node.input[1] ?? '');
    if (dims?.length !== 4) return undefined;
    const [out, inner] = dims as [number, number, number, number];
    const group = intAttr(node, 'group', 1);
    const plan = (kind: Plan['kind']): Plan => ({ kind, dims: dims as unknown as Plan['dims'] });
    if (group === 1) {
      // A product at every position, which the plain layout does as well without being rearranged: 64 → 64 @ 16 takes 0.34 ms plain,
      // 0.29 in blocks, and 0.22 for the way in and out.
      const pointwise = [...dims.slice(2), ...intsAttr(node, 'strides', [1, 1])].every((size) => size === 1);
      if (pointwise && intsAttr(node, 'pads', [0, 0, 0, 0]).every((count) => count === 0)) return undefined;
      if (inner < this.block) return plan('fromPlain');
      return inner % ALIGNMENT === 0 ? plan('dense') : undefined;
    }
    if (out % this.block !== 0) return undefined;
    if (inner === 1 && out === group) return plan('depthwise');
    const whole = inner % this.block === 0 && (out / group) % this.block === 0;
    return whole ? plan('grouped') : undefined;
  }

  private ints(values: readonly number[]): string {
    return this.constant(intTensor(values));
  }

  private constant(tensor: Tensor): string {
    const name = this.fresh('const');
    this.model.graph!.initializer.push(writeTensor(name, tensor));
    return name;
  }

  private add(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = '',
    output?: string,
  ): string {
    const name = this.fresh(op);
    const node = create(NodeProtoSchema, { name, opType: op, domain, input: [...inputs], output: [output ?? name] });
    for (const [key, value] of Object.entries(attributes)) setAttr(node, key, value);
    this.nodes.push(node);
    return node.output[0]!;
  }

  private fresh(stem: string): string {
    return `blocked/${stem}${++this.count}`;
  }
}

interface Plan {
  /** `fromPlain` reads an input of few channels as it is. */
  readonly kind: 'dense' | 'fromPlain' | 'depthwise' | 'grouped';
  /** Of the weight. */
  readonly dims: readonly [number, number, number, number];
}

function padding(node: NodeProto): Attributes {
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  return auto === 'NOTSET' ? { pads: intsAttr(node, 'pads', [0, 0, 0, 0]) } : { auto_pad: auto };
}

function roundUp(count: number, block: number): number {
  return Math.ceil(count / block) * block;
}

/** Runs a model on feeds and gives its only output. */
export type TryRun = (
  model: ModelProto,
  feeds: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>,
) => Promise<ArrayLike<number>>;

/**
 * The number of channels in a block on this machine, found by trying: 16 or 8 floats to a vector register, and 0 where the
 * runtime has no such kernels or they do not give what the plain convolution gives.
 */
export async function blockOf(run: TryRun): Promise<number> {
  const [x, weight] = [wave([2, 16, 5, 6]), wave([16, 16, 3, 3])];
  const result = async (block: number): Promise<ArrayLike<number>> => {
    const graph = new GraphBuilder({ opset: 18 });
    const inputs = [graph.input('x', x.dims), graph.input('weight', weight.dims)];
    const y = graph.node('Conv', inputs, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    graph.output(y, [2, 16, 5, 6]);
    const shapes = new Map([['weight', weight.dims]]);
    const plain = graph.build();
    return run(block === 0 ? plain : blockConvolutions(plain, block, (value) => shapes.get(value)), { x, weight });
  };
  const expected = Array.from(await result(0));
  for (const block of [16, 8]) {
    const found = await result(block).catch(() => []);
    const agrees = found.length === expected.length && expected.every((value, i) => Math.abs(value - found[i]!) < 1e-4);
    if (agrees) return block;
  }
  return 0;
}

function wave(dims: readonly number[]) {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i * i + i));
  return { dims, data };
}
