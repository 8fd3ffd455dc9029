import {
  type NodeProto,
  type TensorProto,
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
import { type Dimension, lengthOf, positions, Sizes } from './sizes.ts';

/** What a target bounds: multiply-accumulates for one image, learned numbers, or bytes of stored tensors. */
export type CostKind = 'macs' | 'parameters' | 'bytes';

/** A part of a network's cost: a coefficient times the number of positions of some axes. */
export interface CostTerm {
  readonly coefficient: number;
  readonly dimensions: readonly Dimension[];
}

/** A part of a cost that was measured: it follows the positions of some axes in a way of its own. */
export interface MeasuredTerm {
  readonly dimensions: readonly Dimension[];
  /** @param lengths positions of each dimension */
  readonly at: (lengths: readonly number[]) => number;
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

class Terms {
  private readonly analysis: ChannelAnalysis;
  private readonly sizes: Sizes;
  private readonly terms: CostTerm[] = [];

  constructor(analysis: ChannelAnalysis) {
    this.analysis = analysis;
    this.sizes = new Sizes(analysis);
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
    const sizes = [...node.input.map((_, input) => this.sizes.input(node, input)), this.sizes.value(node.output[0]!)];
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
        const sizes = this.sizes.tensor(node, input, tensor);
        const dimensions = sizes.filter((size) => typeof size !== 'number');
        const key = `${name}\n${dimensions.map((dimension) => this.sizes.idOf(dimension)).join(' ')}`;
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
        .map((dimension) => this.sizes.idOf(dimension))
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
}

/** Any growth shows whether a cost follows an axis. */
const GROWTH = 2;
