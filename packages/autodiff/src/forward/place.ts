import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto, Tensor } from '@kneepoint/onnx';
import { Graph, isDefaultDomain, isFloatType, tensorDims } from '@kneepoint/onnx';
import type { Emitter, ValueType } from '../emit/emitter.ts';
import { RULES } from '../rules/index.ts';
import type { Site } from '../rules/rule.ts';

export interface PlaceRequest {
  /** At opset 18, small constants folded: see `prepareForward`. */
  readonly model: ModelProto;
  /** Shape and element type of every value at the step's batch size, as the runtime measured them. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Initializers that train; with running statistics they become inputs of the step graph, all others are constants. */
  readonly trainable: ReadonlySet<string>;
  /** Whether a node (batch normalisation, dropout) is in training mode. */
  readonly training: (node: NodeProto, name: string) => boolean;
}

/** A forward graph inside the step graph. */
export interface Placed {
  /** Name in the step graph of each value of the model. */
  readonly names: ReadonlyMap<string, string>;
  /** In topological order. */
  readonly sites: readonly Site[];
  /** Value after the step of each initializer that a rule updates: running statistics. */
  readonly updates: ReadonlyMap<string, string>;
  /** Inputs that the caller fills with uniform numbers, with their dimensions. */
  readonly noise: ReadonlyMap<string, readonly number[]>;
}

/** The name under which an initializer that trains, or a running statistic, enters the step graph. */
export const weightInput = (initializer: string): string => `weight/${initializer}`;

/**
 * Places a model's nodes in the graph that is being emitted; `types` stand for shape inference. Throws AUTODIFF_OPERATOR for a node of another domain or with a subgraph.
 */
export function placeForward(emit: Emitter, request: PlaceRequest): Placed {
  return new Placement(emit, request).run();
}

class Placement {
  private readonly emit: Emitter;
  private readonly request: PlaceRequest;
  private readonly graph: Graph;
  private readonly names = new Map<string, string>();
  private readonly updates = new Map<string, string>();
  private readonly noise = new Map<string, readonly number[]>();
  /** Values, by step-graph name, whose gradient is needed. */
  private readonly wanted = new Set<string>();

  constructor(emit: Emitter, request: PlaceRequest) {
    this.emit = emit;
    this.request = request;
    this.graph = new Graph(request.model);
  }

  run(): Placed {
    for (const { name } of this.graph.inputs) {
      const { dims, type } = this.typeOf(name);
      this.names.set(name, this.emit.input(name, dims, isFloatType(type) ? this.emit.float : type));
    }
    const sites = this.graph.topological().flatMap((node) => this.place(node));
    return { names: this.names, sites, updates: this.updates, noise: this.noise };
  }

  private place(node: NodeProto): Site[] {
    if (node.opType === 'Constant' && isDefaultDomain(node.domain)) return [];
    const site = this.siteOf(node);
    const rule = RULES[node.opType];
    const outputs = rule?.forward
      ? rule.forward(site)
      : this.emit.copy(
          node,
          site.inputs,
          node.output.map((output) => (output === '' ? undefined : this.typeOf(output))),
        );
    const trains = site.inputs.some((_, i) => site.wants(i));
    node.output.forEach((output, i) => {
      const value = outputs[i];
      if (output === '' || value === undefined || value === '') return;
      this.names.set(output, value);
      if (trains) this.wanted.add(value);
    });
    (site.outputs as string[]).push(...node.output.map((_, i) => outputs[i] ?? ''));
    return [site];
  }

  private siteOf(node: NodeProto): Site {
    const { emit } = this;
    const name = this.graph.nodeName(node);
    if (!isDefaultDomain(node.domain) || node.attribute.some((attribute) => attribute.g)) {
      throw new Failure('AUTODIFF_OPERATOR', `${node.opType} cannot be part of a training step`, {
        where: `node ${name}`,
        fix: 'Train a network of standard operators, or freeze and remove this part.',
      });
    }
    const training = this.request.training(node, name);
    const state = (training ? RULES[node.opType]?.state : undefined) ?? [];
    const inputs = node.input.map((input, i) => (input === '' ? '' : this.resolve(input, state.includes(i))));
    return {
      node,
      name,
      emit,
      inputs,
      outputs: [],
      training,
      saved: new Map(),
      wants: (input) => this.wanted.has(inputs[input] ?? ''),
      constant: (input) => emit.constantOf(inputs[input] ?? ''),
      update: (input, value) => void this.updates.set(node.input[input]!, value),
      noise: (dims) => {
        const value = emit.input(`noise/${name}`, dims);
        this.noise.set(value, dims);
        return value;
      },
    };
  }

  private resolve(value: string, isState: boolean): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const tensor = this.graph.constant(value);
    if (!tensor) throw new Failure('INTERNAL', `the value ${value} has no producer and no constant`);
    const placed = this.store(value, tensor, isState);
    this.names.set(value, placed);
    return placed;
  }

  private store(name: string, tensor: Tensor, isState: boolean): string {
    const float = isFloatType(tensor.type);
    const type = float ? this.emit.float : tensor.type;
    const trains = this.request.trainable.has(name);
    if (trains || isState) {
      const value = this.emit.input(weightInput(name), tensor.dims, type);
      if (trains) this.wanted.add(value);
      return value;
    }
    if (!float || type === tensor.type) return this.emit.init({ ...tensor, type });
    return this.emit.floats(tensor.dims, tensor.data as Float32Array);
  }

  private typeOf(value: string): ValueType {
    const type = this.request.types.get(value);
    if (!type) throw new Failure('SHAPES_INCOMPLETE', `the shape of ${value} is not known`, { where: value });
    return { ...type, type: isFloatType(type.type) ? this.emit.float : type.type };
  }
}

/** The float initializers of a model that a node reads, in file order: what can train. */
export function floatInitializers(
  model: ModelProto,
): readonly { readonly name: string; readonly dims: readonly number[] }[] {
  const graph = new Graph(model);
  return graph.proto.initializer
    .filter((tensor) => isFloatType(tensor.dataType) && graph.consumers(tensor.name).length > 0)
    .map((tensor) => ({ name: tensor.name, dims: tensorDims(tensor) }));
}
