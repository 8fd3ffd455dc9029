import type { NodeProto, TensorProto } from '@kneepoint/onnx';
import { constantDims } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { Cut, GroupCut } from '../trace/edits.ts';
import { storedBehind } from '../trace/stored.ts';

/** How long an axis is, once it is known which classes stay: `fixed` positions and those of the classes that may go. */
export interface Dimension {
  readonly fixed: number;
  /** Positions by class id. */
  readonly perClass: ReadonlyMap<number, number>;
  /** The axis that costs is one of this many equal parts of the positions. */
  readonly parts: number;
}

/** The length of an axis: a number, or what follows from the classes that stay. */
export type Size = number | Dimension;

/** Positions with every class kept. */
export function positions({ fixed, perClass }: Dimension): number {
  let count = fixed;
  for (const own of perClass.values()) count += own;
  return count;
}

/** The length of an axis where a dimension has so many positions; all of them by default. */
export function lengthOf(size: Size, held = positions): number {
  return typeof size === 'number' ? size : held(size) / size.parts;
}

/** How long the axes of tensors and values are, as functions of the classes that stay. Equal axes are one object. */
export class Sizes {
  private readonly analysis: ChannelAnalysis;
  private readonly dimensions = new Map<string, Dimension>();
  private readonly ids = new Map<Dimension, number>();
  private readonly cuts = new Map<NodeProto, Map<number, Cut[]>>();

  constructor(analysis: ChannelAnalysis) {
    this.analysis = analysis;
    for (const { node, input, cut } of analysis.trace.cuts) {
      const inputs = this.cuts.get(node) ?? new Map<number, Cut[]>();
      this.cuts.set(node, inputs);
      inputs.set(input, [...(inputs.get(input) ?? []), cut]);
    }
  }

  /** A number for each dimension, in the order in which they were met. */
  idOf(dimension: Dimension): number {
    return this.ids.get(dimension)!;
  }

  /** Of what a node reads; undefined where nothing is known of it. */
  input(node: NodeProto, input: number): readonly Size[] | undefined {
    const name = node.input[input];
    const tensor = name ? storedBehind(this.analysis.trace.graph, name)?.tensor : undefined;
    return tensor ? this.tensor(node, input, tensor) : name ? this.value(name) : undefined;
  }

  /** Of a value that is computed. */
  value(name: string): readonly Size[] | undefined {
    const value = this.analysis.trace.values.get(name);
    if (!value) return this.analysis.shapes.get(name);
    const { dims, labels } = value;
    return dims.map((size, axis) => (labels.dims[axis]! > 1 ? this.dimension(labels.data) : size));
  }

  /** Of a stored tensor as a node reads it. */
  tensor(node: NodeProto, input: number, tensor: TensorProto): Size[] {
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
