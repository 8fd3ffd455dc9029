import type { Removed } from './removed.ts';
import { clone, create } from '@bufbuild/protobuf';
import {
  type Folded,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type TypedArray,
  cloneModel,
  constantDims,
  constantProto,
  DataType,
  Folder,
  intConstant,
  NodeProtoSchema,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';
import type { Cut, NodeEdit } from '../trace/edits.ts';
import type { Shapes, Trace } from '../trace/trace.ts';
import { type Stored, scaleAxis, storedBehind } from '../trace/stored.ts';
import { countZeros } from './count-zeros.ts';
import { cutDims, cutTensor } from './cut-tensor.ts';
import { elementType, numberConstant } from './element-type.ts';
import type { OverChannels } from './over-channels.ts';
import { removeDead } from './remove-dead.ts';
import { restoreNames } from './restore-names.ts';
import { spellShuffles } from './spell-shuffles.ts';

/** A model after the cut, and the shape of every value in it at batch 1. */
export interface CutResult {
  readonly model: ModelProto;
  readonly shapes: Shapes;
}

/** The traced model without the channels whose label is removed. The trace's own model stays as it is. */
export function cutModel(
  trace: Trace,
  removed: Removed,
  shapes: Shapes,
  over: readonly OverChannels[] = [],
): CutResult {
  return new Cutting(trace, removed, shapes).run(over);
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
  /** What each cut constant, and each node that reads one, was cut from: names of values. */
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

  run(over: readonly OverChannels[]): CutResult {
    const graph = this.model.graph!;
    this.cutConstants();
    this.countRemoved(over);
    const rewritten = new Set<NodeProto>();
    for (const { node, apply } of this.trace.rewrites) {
      apply(this.edit(node));
      rewritten.add(node);
    }
    for (const node of this.trace.graph.proto.node) if (!rewritten.has(node)) this.pinComputed(node);
    graph.initializer.push(...this.made.values());
    graph.valueInfo = [];
    spellShuffles(this.model, this.shapes);
    removeDead(this.model);
    restoreNames(graph, this.cutFrom, this.trace.graph, this.shapes);
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
      const cutName = cache.get(key) ?? this.cutStored(storedBehind(this.trace.graph, name)!, cuts);
      cache.set(key, cutName);
      this.copies.get(node)!.input[input] = cutName;
    }
  }

  private cutStored({ tensor, name, steps }: Stored, cuts: readonly Cut[]): string {
    let value = this.cutTensor(tensor, name, cuts);
    for (const step of steps) value = this.cutStep(step, value, constantDims(tensor), cuts);
    return value;
  }

  private cutTensor(tensor: TensorProto, name: string, cuts: readonly Cut[]): string {
    const cutName = this.add(`${name}_kept`, (free) => cutTensor(tensor, free, cuts, this.kept));
    this.cutFrom.set(cutName, name);
    return cutName;
  }

  /** A copy of a node that reads a stored tensor; scales and zero points of a quantisation are cut along its axis. */
  private cutStep(step: NodeProto, input: string, dims: readonly number[], cuts: readonly Cut[]): string {
    const { graph } = this.trace;
    const axis = scaleAxis(graph, step, dims.length);
    const along = cuts.flatMap((cut): Cut[] => {
      const labels = axis === undefined ? undefined : labelsAlong(cut, axis);
      return labels && this.kept(labels).length < labels.length ? [{ kind: 'axis', axis: 0, labels }] : [];
    });
    const copy = clone(NodeProtoSchema, step);
    const output = this.free(`${step.output[0]!}_kept`);
    copy.name = output;
    copy.output = [output];
    copy.input = step.input.map((name, i) => {
      if (i === 0) return input;
      const tensor = along.length > 0 ? constantProto(graph, name) : undefined;
      return tensor && tensor.dims.length === 1 ? this.cutTensor(tensor, name, along) : name;
    });
    this.shapes.set(output, cutDims(dims, cuts, this.kept));
    this.cutFrom.set(output, step.output[0]!);
    this.addBefore(this.copies.get(step)!, copy);
    return output;
  }

  /** Statistics of which removed channels were zero go on counting them. */
  private countRemoved(over: readonly OverChannels[]): void {
    const counting = new Set(over.flatMap((one) => (one.countsRemoved ? one.node : [])));
    for (const average of this.trace.averages) {
      const kept = this.kept(average.labels).length;
      if (!counting.has(average.node.name) || kept === average.labels.length) continue;
      const copy = this.copies.get(average.node)!;
      const result = copy.output[0]!;
      const output = this.free(`${result}_of_kept`);
      const type = elementType(this.trace.graph, average.value);
      const constant = (value: number) =>
        this.add(`${output}_share`, (name) => numberConstant(name, type, [], [value]));
      const source = this.trace.graph.producer(average.value)?.opType ?? '';
      const added = countZeros(copy, { output, source, share: kept / average.labels.length, constant });
      if (!added) continue;
      this.shapes.set(output, this.shapes.get(result) ?? this.trace.shapeOf(result, average.node));
      const nodes = this.model.graph!.node;
      nodes.splice(nodes.indexOf(copy) + 1, 0, added);
    }
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
    const name = this.free(stem);
    this.made.set(name, make(name));
    return name;
  }

  private free(stem: string): string {
    let name = stem;
    for (let i = 2; this.taken(name); i++) name = `${stem}${i}`;
    return name;
  }

  private taken(name: string): boolean {
    const { graph, values } = this.trace;
    const made = this.made.has(name) || this.shapes.has(name);
    return made || values.has(name) || !!graph.initializer(name) || !!graph.producer(name);
  }

  private addBefore(node: NodeProto, ...added: NodeProto[]): void {
    const nodes = this.model.graph!.node;
    nodes.splice(nodes.indexOf(node), 0, ...added);
  }

  private edit(original: NodeProto): NodeEdit {
    const { folder, folderAtBatchTwo } = this.trace;
    const node = this.copies.get(original)!;
    const name = (input: number) => original.input[input] ?? '';
    const live = (input: number) => this.after.value(name(input));
    const setInts = (input: number, values: readonly number[], dims: readonly number[] = [values.length]) => {
      if (sameNumbers(live(input)?.data, values)) return;
      this.setConstant(original, input, { dims, data: Float64Array.from(values), integer: true });
    };
    const varies = (input: number) => {
      const two = folderAtBatchTwo.value(name(input));
      return (numbers(folder.value(name(input))) ?? []).map((size, i) => two !== undefined && two.data[i] !== size);
    };
    return {
      node,
      kept: this.kept,
      dims: (value) => this.shapes.get(value) ?? this.trace.shapeOf(value, original),
      live: (input) => numbers(live(input)),
      original: (input) => numbers(folder.value(name(input))) ?? [],
      varies,
      setInts,
      setSizes: (input, values) => {
        const follows = varies(input);
        if (!follows.includes(true)) setInts(input, values);
        else if (values.some((value, i) => !follows[i] && live(input)?.data[i] !== value)) {
          this.setMixed(original, input, values, follows);
        }
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
      if (sameNumbers(folderAtBatchTwo.value(name)?.data, before.data)) this.setConstant(node, input, before);
      else if (before.integer && before.dims.length === 1) this.edit(node).setSizes(input, [...before.data]);
    });
  }

  /** Entries that follow the batch size stay as the graph computes them; the others become the numbers given. */
  private setMixed(node: NodeProto, input: number, values: readonly number[], follows: readonly boolean[]): void {
    const copy = this.copies.get(node)!;
    const size = [values.length];
    const constant = (stem: string, entry: (i: number) => number) =>
      this.add(`${node.name}_${stem}${input}`, (name) =>
        intConstant(
          name,
          values.map((_, i) => entry(i)),
          size,
        ),
      );
    const following = constant('batch', (i) => Number(follows[i]));
    const fixed = constant('operand', (i) => (follows[i] ? 0 : values[i]!));
    const [product, sum] = [this.free(`${following}_sizes`), this.free(`${fixed}_sizes`)];
    for (const name of [product, sum]) this.shapes.set(name, size);
    this.addBefore(
      copy,
      create(NodeProtoSchema, {
        name: product,
        opType: 'Mul',
        input: [copy.input[input]!, following],
        output: [product],
      }),
      create(NodeProtoSchema, { name: sum, opType: 'Add', input: [product, fixed], output: [sum] }),
    );
    copy.input[input] = sum;
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

function labelsAlong(cut: Cut, axis: number): Int32Array | undefined {
  if (cut.kind === 'axis') return cut.axis === axis ? cut.labels : undefined;
  return [cut.major, cut.minor][axis];
}

function numbers(folded: Folded | undefined): number[] | undefined {
  return folded && [...folded.data];
}

function sameNumbers(a: ArrayLike<number> | undefined, b: ArrayLike<number>): boolean {
  if (a?.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
