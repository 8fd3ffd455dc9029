import type { Folded, ModelProto, NodeProto, TensorProto, TypedArray } from '@kneepoint/onnx';
import { cloneModel, constantDims, constantProto, DataType, Folder, valueInfo, writeTensor } from '@kneepoint/onnx';
import type { Cut, NodeEdit } from '../trace/edits.ts';
import type { Shapes, Trace } from '../trace/trace.ts';
import { cutTensor } from './cut-tensor.ts';
import { removeDead } from './remove-dead.ts';

/** Whether the class of a label goes. */
export type Removed = (label: number) => boolean;

/** A model after the cut, and the shape of every value in it at batch 1. */
export interface CutResult {
  readonly model: ModelProto;
  readonly shapes: Shapes;
}

/** The traced model without the channels whose label is removed. The trace's own model stays as it is. */
export function cutModel(trace: Trace, removed: Removed, shapes: Shapes): CutResult {
  return new Cutting(trace, removed, shapes).run();
}

class Cutting {
  private readonly trace: Trace;
  private readonly removed: Removed;
  private readonly model: ModelProto;
  private readonly after: Folder;
  private readonly shapes: Map<string, readonly number[]>;
  private readonly copies = new Map<NodeProto, NodeProto>();
  private readonly made = new Map<string, TensorProto>();
  private readonly keptCache = new WeakMap<Int32Array, number[]>();
  /** Cut constants by the name they were cut from. */
  private readonly cutFrom = new Map<string, string>();

  constructor(trace: Trace, removed: Removed, shapes: Shapes) {
    this.trace = trace;
    this.removed = removed;
    this.model = cloneModel(trace.graph.model);
    this.shapes = new Map(shapes);
    for (const [name, value] of trace.values) this.shapes.set(name, this.dimsAfter(name) ?? value.dims);
    this.after = new Folder(trace.graph, (name) => this.shapes.get(name));
    trace.graph.proto.node.forEach((node, i) => this.copies.set(node, this.model.graph!.node[i]!));
  }

  run(): CutResult {
    const graph = this.model.graph!;
    this.cutConstants();
    const rewritten = new Set<NodeProto>();
    for (const { node, apply } of this.trace.rewrites) {
      apply(this.edit(node));
      rewritten.add(node);
    }
    for (const node of this.trace.graph.proto.node) if (!rewritten.has(node)) this.pinComputed(node);
    graph.initializer.push(...this.made.values());
    graph.valueInfo = [];
    removeDead(this.model);
    this.restoreNames();
    this.listInputs();
    return { model: this.model, shapes: this.shapes };
  }

  private kept = (labels: Int32Array): number[] => {
    const known = this.keptCache.get(labels);
    if (known) return known;
    const positions: number[] = [];
    labels.forEach((label, position) => {
      if (!this.removed(label)) positions.push(position);
    });
    this.keptCache.set(labels, positions);
    return positions;
  };

  private dimsAfter(name: string): readonly number[] | undefined {
    const value = this.trace.values.get(name);
    if (!value) return undefined;
    const { dims, labels } = value;
    return dims.map((size, axis) => (labels.dims[axis]! > 1 ? this.kept(labels.data).length : size));
  }

  private cutConstants(): void {
    const byInput = new Map<string, { node: NodeProto; input: number; cuts: Cut[] }>();
    for (const { node, input, cut } of this.trace.cuts) {
      const key = `${node.name}\n${input}`;
      const entry = byInput.get(key) ?? { node, input, cuts: [] };
      byInput.set(key, entry);
      if (this.shrinks(cut)) entry.cuts.push(cut);
    }
    const cache = new Map<string, string>();
    for (const { node, input, cuts } of byInput.values()) {
      if (cuts.length === 0) continue;
      const name = node.input[input]!;
      // Nodes that share a constant and cut it alike go on sharing it.
      const key = `${name}\n${JSON.stringify(cuts.map((cut) => this.signature(cut)))}`;
      const cutName = cache.get(key) ?? this.cutConstant(name, cuts);
      cache.set(key, cutName);
      this.copies.get(node)!.input[input] = cutName;
    }
  }

  private cutConstant(name: string, cuts: readonly Cut[]): string {
    const source = constantProto(this.trace.graph, name)!;
    const cutName = this.add(`${name}_kept`, (free) => cutTensor(source, free, cuts, this.kept));
    this.cutFrom.set(cutName, name);
    return cutName;
  }

  /** A constant that was cut in one way only takes back the name of the whole one, which is gone. */
  private restoreNames(): void {
    const graph = this.model.graph!;
    const used = new Set([
      ...graph.initializer.map((tensor) => tensor.name),
      ...graph.node.flatMap((node) => node.output),
    ]);
    const restored = new Map<string, string>();
    for (const tensor of graph.initializer) {
      const name = this.cutFrom.get(tensor.name);
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      restored.set(tensor.name, name);
      tensor.name = name;
    }
    for (const node of graph.node) node.input = node.input.map((name) => restored.get(name) ?? name);
  }

  private shrinks(cut: Cut): boolean {
    const lists = cut.kind === 'axis' ? [cut.labels] : [cut.major, cut.minor];
    return lists.some((labels) => this.kept(labels).length < labels.length);
  }

  private signature(cut: Cut): unknown {
    if (cut.kind === 'axis') return [cut.axis, this.kept(cut.labels)];
    return [cut.groups, this.kept(cut.major), this.kept(cut.minor)];
  }

  private add(stem: string, make: (name: string) => TensorProto): string {
    let name = stem;
    for (let i = 2; this.taken(name); i++) name = `${stem}${i}`;
    this.made.set(name, make(name));
    return name;
  }

  private taken(name: string): boolean {
    const { graph, values } = this.trace;
    return this.made.has(name) || values.has(name) || !!graph.initializer(name) || !!graph.producer(name);
  }

  private edit(original: NodeProto): NodeEdit {
    const { folder, folderAtBatchTwo } = this.trace;
    const node = this.copies.get(original)!;
    const name = (input: number) => original.input[input] ?? '';
    const live = (input: number) => this.after.value(name(input));
    return {
      node,
      kept: this.kept,
      dims: (value) => this.shapes.get(value) ?? this.trace.shapeOf(value, original),
      live: (input) => numbers(live(input)),
      original: (input) => numbers(folder.value(name(input))) ?? [],
      varies: (input) => {
        const two = folderAtBatchTwo.value(name(input));
        return (numbers(folder.value(name(input))) ?? []).map((size, i) => two !== undefined && two.data[i] !== size);
      },
      setInts: (input, values) => {
        if (sameNumbers(live(input)?.data, values)) return;
        this.setConstant(original, input, { dims: [values.length], data: Float64Array.from(values), integer: true });
      },
    };
  }

  /** Arithmetic on shapes that feeds data keeps its old result: the function must not change because a size did. */
  private pinComputed(node: NodeProto): void {
    if (!node.output.some((output) => this.trace.values.has(output))) return;
    node.input.forEach((name, input) => {
      const { folder, folderAtBatchTwo, graph } = this.trace;
      const before = folder.value(name);
      if (!before || constantProto(graph, name)) return;
      if (sameNumbers(this.after.value(name)?.data, before.data)) return;
      if (!sameNumbers(folderAtBatchTwo.value(name)?.data, before.data)) return;
      this.setConstant(node, input, before);
    });
  }

  private setConstant(node: NodeProto, input: number, value: Folded): void {
    const inputs = this.copies.get(node)!.input;
    while (inputs.length <= input) inputs.push('');
    const stored = constantProto(this.trace.graph, node.input[input] ?? '');
    const type = (stored?.dataType as DataType | undefined) ?? (value.integer ? DataType.INT64 : DataType.FLOAT);
    const data: TypedArray =
      type === DataType.INT64
        ? BigInt64Array.from([...value.data], BigInt)
        : type === DataType.INT32
          ? Int32Array.from(value.data)
          : Float32Array.from(value.data);
    inputs[input] = this.add(`${node.name}_operand${input}`, (name) =>
      writeTensor(name, { dims: value.dims, type, data }),
    );
  }

  /** Old files list their initializers as graph inputs, with shapes that must follow; before IR 4 they have to. */
  private listInputs(): void {
    const graph = this.model.graph!;
    if (this.model.irVersion >= 4n) return;
    const listed = new Set(graph.input.map((input) => input.name));
    for (const tensor of graph.initializer) {
      if (!listed.has(tensor.name)) {
        graph.input.push(valueInfo(tensor.name, constantDims(tensor), tensor.dataType));
      }
    }
  }
}

function numbers(folded: Folded | undefined): number[] | undefined {
  return folded && [...folded.data];
}

function sameNumbers(a: ArrayLike<number> | undefined, b: ArrayLike<number>): boolean {
  if (a?.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
