import { Failure } from '@kneepoint/failures';
import { floatAttr, floatsAttr, hasAttr, intAttr, intsAttr, tensorAttr } from './attributes.ts';
import type { GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from './proto.ts';

import type { Tensor } from './tensor.ts';
import { floatTensor, intTensor, readTensor } from './tensor.ts';
import { subgraphs } from './walk.ts';

/** A use of a value. `input` is its position, or -1 where a subgraph (If, Loop) reads the value from outside. */
export interface Consumer {
  readonly node: NodeProto;
  readonly input: number;
}

const NO_CONSUMERS: readonly Consumer[] = [];

/**
 * The main graph of a model, indexed for lookup. A snapshot: build a new one after changing nodes or names. Old exporters list
 * initializers as graph inputs; `inputs` holds only what a caller must feed. Throws MODEL_NO_GRAPH.
 */
export class Graph {
  readonly model: ModelProto;
  readonly proto: GraphProto;
  /** Version of the default operator domain. */
  readonly opset: number;
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];

  private readonly producers = new Map<string, NodeProto>();
  private readonly uses = new Map<string, Consumer[]>();
  private readonly initializers: ReadonlyMap<string, TensorProto>;
  private readonly names = new Map<NodeProto, string>();
  private readonly inputNames: ReadonlySet<string>;
  private readonly outputNames: ReadonlySet<string>;
  private readonly constants = new Map<string, Tensor | undefined>();
  private sorted: readonly NodeProto[] | undefined;

  constructor(model: ModelProto) {
    if (!model.graph) throw new Failure('MODEL_NO_GRAPH', 'the model has no graph');
    this.model = model;
    this.proto = model.graph;
    this.opset = opsetOf(model);
    this.initializers = new Map(this.proto.initializer.map((tensor) => [tensor.name, tensor]));
    this.inputs = this.proto.input.filter((value) => !this.initializers.has(value.name));
    this.outputs = this.proto.output;
    this.inputNames = new Set(this.inputs.map((value) => value.name));
    this.outputNames = new Set(this.outputs.map((value) => value.name));
    this.index();
  }

  /** The node that makes a value; undefined for inputs and initializers. */
  producer(value: string): NodeProto | undefined {
    return this.producers.get(value);
  }

  /** Every use of a value by a node, in file order. Graph outputs are not nodes: see `isOutput`. */
  consumers(value: string): readonly Consumer[] {
    return this.uses.get(value) ?? NO_CONSUMERS;
  }

  initializer(name: string): TensorProto | undefined {
    return this.initializers.get(name);
  }

  /** Whether a value must be fed by the caller. */
  isInput(name: string): boolean {
    return this.inputNames.has(name);
  }

  isOutput(name: string): boolean {
    return this.outputNames.has(name);
  }

  /**
   * The tensor behind a name when it is fixed in the file: an initializer, or a Constant node in any of its attribute forms.
   * Cached; not to be written to. Throws as `readTensor` does.
   */
  constant(name: string): Tensor | undefined {
    if (!this.constants.has(name)) this.constants.set(name, this.readConstant(name));
    return this.constants.get(name);
  }

  /** The stored tensor behind a name, unread: an initializer, or the tensor that a Constant node holds. */
  stored(name: string): TensorProto | undefined {
    const initializer = this.initializers.get(name);
    if (initializer) return initializer;
    const node = this.producers.get(name);
    return node?.opType === 'Constant' && hasAttr(node, 'value') ? tensorAttr(node, 'value') : undefined;
  }

  /** The name of a node; unnamed and repeated ones get `${opType}_${index}`. Unique within the graph. */
  nodeName(node: NodeProto): string {
    const name = this.names.get(node);
    if (name === undefined) throw new Failure('MODEL_BUILD', `node ${node.name || node.opType} is not in this graph`);
    return name;
  }

  /** The nodes, each after those it depends on; file order is kept where it allows. Throws GRAPH_CYCLE naming a node on the circle. */
  topological(): readonly NodeProto[] {
    this.sorted ??= this.sort();
    return this.sorted;
  }

  private index(): void {
    const taken = new Set<string>();
    const given = new Set(this.proto.node.map((node) => node.name));
    this.proto.node.forEach((node, position) => {
      for (const output of node.output) if (output !== '') this.producers.set(output, node);
      node.input.forEach((value, input) => this.addUse(value, { node, input }));
      for (const value of capturedValues(node)) this.addUse(value, { node, input: -1 });
      this.names.set(node, uniqueName(node, position, taken, given));
    });
  }

  private addUse(value: string, use: Consumer): void {
    if (value === '') return;
    const uses = this.uses.get(value);
    if (uses) uses.push(use);
    else this.uses.set(value, [use]);
  }

  private readConstant(name: string): Tensor | undefined {
    const initializer = this.initializers.get(name);
    if (initializer) return readTensor(initializer);
    const node = this.producers.get(name);
    return node?.opType === 'Constant' && isDefaultDomain(node.domain) ? constantValue(node) : undefined;
  }

  private sort(): readonly NodeProto[] {
    const order: NodeProto[] = [];
    const state = new Map<NodeProto, 'open' | 'done'>();
    // An explicit stack: a chain of a hundred thousand nodes would overflow the call stack.
    for (const root of this.proto.node) {
      const stack = [{ node: root, needs: this.dependencies(root), next: 0 }];
      if (state.has(root)) continue;
      state.set(root, 'open');
      for (let top = stack.at(-1); top; top = stack.at(-1)) {
        const dependency = top.needs[top.next++];
        if (dependency === undefined) {
          state.set(top.node, 'done');
          order.push(top.node);
          stack.pop();
        } else if (state.get(dependency) === 'open') {
          throw new Failure('GRAPH_CYCLE', 'the node depends on its own output', {
            where: `node ${this.nodeName(dependency)} (${dependency.opType})`,
          });
        } else if (!state.has(dependency)) {
          state.set(dependency, 'open');
          stack.push({ node: dependency, needs: this.dependencies(dependency), next: 0 });
        }
      }
    }
    return order;
  }

  private dependencies(node: NodeProto): NodeProto[] {
    return [...node.input, ...capturedValues(node)].flatMap((value) => this.producers.get(value) ?? []);
  }
}

/** Whether a domain means the standard operators. */
export function isDefaultDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** Values that the subgraphs of a node read from outside them. */
export function capturedValues(node: NodeProto): string[] {
  const captured = new Set<string>();
  for (const graph of subgraphs(node)) for (const name of freeValues(graph)) captured.add(name);
  return [...captured];
}

function opsetOf(model: ModelProto): number {
  const version = model.opsetImport.find((entry) => isDefaultDomain(entry.domain))?.version;
  return Number(version ?? 1n);
}

function uniqueName(node: NodeProto, position: number, taken: Set<string>, given: ReadonlySet<string>): string {
  let name = node.name;
  if (name === '' || taken.has(name)) {
    name = `${node.opType}_${position}`;
    while (taken.has(name) || given.has(name)) name += '_';
  }
  taken.add(name);
  return name;
}

function freeValues(graph: GraphProto): Set<string> {
  const made = new Set<string>();
  for (const value of graph.input) made.add(value.name);
  for (const tensor of graph.initializer) made.add(tensor.name);
  for (const node of graph.node) for (const output of node.output) made.add(output);
  const free = new Set<string>();
  const use = (name: string) => {
    if (name !== '' && !made.has(name)) free.add(name);
  };
  for (const node of graph.node) {
    node.input.forEach(use);
    capturedValues(node).forEach(use);
  }
  for (const output of graph.output) use(output.name);
  return free;
}

function constantValue(node: NodeProto): Tensor | undefined {
  if (hasAttr(node, 'value')) return readTensor(tensorAttr(node, 'value'));
  if (hasAttr(node, 'value_float')) return floatTensor([], [floatAttr(node, 'value_float')]);
  if (hasAttr(node, 'value_int')) return intTensor([intAttr(node, 'value_int')], []);
  if (hasAttr(node, 'value_floats')) {
    const values = floatsAttr(node, 'value_floats');
    return floatTensor([values.length], values);
  }
  if (hasAttr(node, 'value_ints')) return intTensor(intsAttr(node, 'value_ints'));
  // Strings and sparse tensors are constants that nothing here computes with.
  return undefined;
}
