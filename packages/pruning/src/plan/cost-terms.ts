import type { NodeProto, TensorProto } from '@kneepoint/onnx';
import {
  byteLengthOf,
  constantDims,
  constantProto,
  CONTRACTIONS,
  costs,
  isDefaultDomain,
  isFloatType,
  OPERATOR_COSTS,
  volume,
  weightRole,
} from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Cut, GroupCut } from '../trace/edits.ts';
import type { CostKind } from './plan.ts';
import { storedBehind } from '../trace/stored.ts';

/** How long an axis is, once it is known which classes stay: `fixed` positions and those of the classes that may go. */
export interface Dimension {
  readonly fixed: number;
  /** Positions by class id. */
  readonly perClass: ReadonlyMap<number, number>;
  /** The axis that costs is one of this many equal parts of the positions. */
  readonly parts: number;
}

/** A part of a network's cost: a coefficient times the number of positions of some axes. */
export interface CostTerm {
  readonly coefficient: number;
  readonly dimensions: readonly Dimension[];
}

/**
 * What a network costs as a function of the classes that stay: the sum of the terms, built from the trace once, so that a solver need
 * not cut anything to know it. Equal to the cost after surgery, but for the bytes of small shape constants that surgery writes.
 */
export function costTerms(analysis: ChannelAnalysis, kind: CostKind): CostTerm[] {
  const terms = new Terms(analysis);
  if (kind === 'macs') terms.addContractions();
  else terms.addTensors(kind);
  return terms.merged();
}

type Size = number | Dimension;

class Terms {
  private readonly analysis: ChannelAnalysis;
  private readonly dimensions = new Map<string, Dimension>();
  private readonly ids = new Map<Dimension, number>();
  private readonly terms: CostTerm[] = [];
  private readonly cuts = new Map<NodeProto, Map<number, Cut[]>>();

  constructor(analysis: ChannelAnalysis) {
    this.analysis = analysis;
    for (const { node, input, cut } of analysis.trace.cuts) {
      const inputs = this.cuts.get(node) ?? new Map<number, Cut[]>();
      this.cuts.set(node, inputs);
      inputs.set(input, [...(inputs.get(input) ?? []), cut]);
    }
  }

  addContractions(): void {
    for (const node of this.analysis.trace.graph.proto.node) {
      if (!CONTRACTIONS.has(node.opType) || !isDefaultDomain(node.domain)) continue;
      this.addContraction(node);
    }
  }

  /** Multiply-accumulates are a product of axes; which of them take part is asked of the operator's own cost rule. */
  private addContraction(node: NodeProto): void {
    const rule = OPERATOR_COSTS.get(node.opType)!;
    const sizes = [...node.input.map((_, input) => this.inputSizes(node, input)), this.valueSizes(node.output[0]!)];
    const macs = (grownSlot = -1, grownAxis = -1) => {
      const shapes = sizes.map((dims, slot) =>
        dims?.map((size, axis) => lengthOf(size) * (slot === grownSlot && axis === grownAxis ? GROWTH : 1)),
      );
      const output = shapes.pop();
      return output ? (rule(node, { inputs: shapes, output })?.macs ?? 0) : 0;
    };
    const whole = macs();
    const dimensions = sizes.flatMap((dims = [], slot) =>
      dims.flatMap((size, axis) => (typeof size !== 'number' && macs(slot, axis) > whole ? [size] : [])),
    );
    this.add(whole, dimensions);
  }

  /** Every stored tensor once for each way in which it is cut. */
  addTensors(kind: 'parameters' | 'bytes'): void {
    const { graph } = this.analysis.trace;
    const counted = new Set<string>();
    if (kind === 'bytes') this.add(costs(graph.model, this.analysis.shapes).bytes, []);
    for (const node of graph.topological()) {
      node.input.forEach((name, input) => {
        const tensor = name ? constantProto(graph, name) : undefined;
        const unit = tensor && this.weightOf(node, input, tensor, kind);
        if (!tensor || unit === undefined) return;
        const sizes = this.tensorSizes(node, input, tensor);
        const dimensions = sizes.filter((size) => typeof size !== 'number');
        const key = `${name}\n${dimensions.map((dimension) => this.ids.get(dimension)).join(' ')}`;
        if (counted.has(key)) return;
        counted.add(key);
        const whole = unit * volume(constantDims(tensor));
        if (kind === 'parameters') this.add(whole, dimensions);
        else if (dimensions.length > 0) {
          this.add(whole, dimensions);
          // The tensor as it was goes, whatever replaces it.
          if (!counted.has(name)) this.add(-whole, []);
          counted.add(name);
        }
      });
    }
  }

  private weightOf(node: NodeProto, input: number, tensor: TensorProto, kind: CostKind): number | undefined {
    if (kind === 'bytes') return byteLengthOf(tensor.dataType, 1);
    if (!isDefaultDomain(node.domain) || !isFloatType(tensor.dataType)) return undefined;
    return weightRole(node, input, volume(constantDims(tensor))) === 'parameter' ? 1 : undefined;
  }

  merged(): CostTerm[] {
    const merged = new Map<string, CostTerm>();
    for (const { coefficient, dimensions } of this.terms) {
      const key = dimensions
        .map((dimension) => this.ids.get(dimension)!)
        .sort((a, b) => a - b)
        .join(' ');
      merged.set(key, { coefficient: (merged.get(key)?.coefficient ?? 0) + coefficient, dimensions });
    }
    return [...merged.values()];
  }

  /** `whole` is the cost with every class kept. */
  private add(whole: number, dimensions: readonly Dimension[]): void {
    const coefficient = whole / dimensions.reduce((product, dimension) => product * positions(dimension), 1);
    if (coefficient !== 0) this.terms.push({ coefficient, dimensions });
  }

  private inputSizes(node: NodeProto, input: number): readonly Size[] | undefined {
    const name = node.input[input];
    const tensor = name ? storedBehind(this.analysis.trace.graph, name)?.tensor : undefined;
    return tensor ? this.tensorSizes(node, input, tensor) : name ? this.valueSizes(name) : undefined;
  }

  private valueSizes(name: string): readonly Size[] | undefined {
    const value = this.analysis.trace.values.get(name);
    if (!value) return this.analysis.shapes.get(name);
    const { dims, labels } = value;
    return dims.map((size, axis) => (labels.dims[axis]! > 1 ? this.dimension(labels.data) : size));
  }

  private tensorSizes(node: NodeProto, input: number, tensor: TensorProto): Size[] {
    const sizes: Size[] = [...constantDims(tensor)];
    for (const cut of this.cuts.get(node)?.get(input) ?? []) {
      if (cut.kind === 'axis') sizes[cut.axis] = this.dimension(cut.labels);
      else {
        sizes[0] = this.dimension(cut.major);
        sizes[1] = this.perGroup(cut);
      }
    }
    return sizes;
  }

  /** Groups of which all channels go together become fewer, not smaller; others shrink alike. */
  private perGroup({ groups, minor }: GroupCut): Size {
    const size = minor.length / groups;
    const classes = Array.from(minor, (label) => this.mayGo(label) ?? -1);
    const whole = classes.every((id, i) => id === classes[i - (i % size)]);
    return whole && groups > 1 ? size : this.dimension(minor, groups);
  }

  /** One object for each set of positions; a plain number where none of them may go. */
  private dimension(labels: Int32Array, parts = 1): Size {
    const perClass = new Map<number, number>();
    let fixed = 0;
    for (const label of labels) {
      const id = this.mayGo(label);
      if (id === undefined) fixed++;
      else perClass.set(id, (perClass.get(id) ?? 0) + 1);
    }
    if (perClass.size === 0) return labels.length / parts;
    const key = `${parts}/${fixed}/${[...perClass].sort(([a], [b]) => a - b).join(' ')}`;
    const dimension = this.dimensions.get(key) ?? { fixed, perClass, parts };
    if (!this.dimensions.has(key)) this.ids.set(dimension, this.ids.size);
    this.dimensions.set(key, dimension);
    return dimension;
  }

  /** The class of a label that may be removed. */
  private mayGo(label: number): number | undefined {
    const id = this.analysis.classOf(label);
    return id === undefined || this.analysis.classes[id]!.frozen ? undefined : id;
  }
}

/** Any growth shows whether a cost follows an axis. */
const GROWTH = 2;

function lengthOf(size: Size): number {
  return typeof size === 'number' ? size : positions(size) / size.parts;
}

/** Positions with every class kept. */
export function positions({ fixed, perClass }: Dimension): number {
  let count = fixed;
  for (const own of perClass.values()) count += own;
  return count;
}
