import type { ShapeEntry, BatchAxis } from './axis.ts';
import { intAttr } from '../attributes.ts';
import type { Graph } from '../graph.ts';
import type { NodeProto } from '../proto.ts';
import { tensorNumbers } from '../tensor.ts';

/** Follows the shape arithmetic that exporters leave for `x.view(x.size(0), -1)`: Shape, Gather, Unsqueeze, Concat, Reshape. */
export class ShapeVectors {
  private readonly graph: Graph;
  private readonly known = new Map<string, readonly ShapeEntry[]>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The entries of a shape operand, constant or computed; undefined where they are not known. */
  entries(name: string): readonly ShapeEntry[] | undefined {
    const known = this.known.get(name);
    if (known) return known;
    const constant = this.graph.constant(name);
    return constant && constant.dims.length <= 1 ? tensorNumbers(constant) : undefined;
  }

  /** Shape of a value whose batch axis is known. */
  shape(node: NodeProto, of: BatchAxis): void {
    const entries = Array.from({ length: of.rank }, (_, axis): ShapeEntry => {
      return axis === of.axis && !of.merged ? 'batch' : undefined;
    });
    this.note(node, entries.slice(intAttr(node, 'start', 0), intAttr(node, 'end', of.rank)));
  }

  /** A node that does not see the image itself: what it makes of shapes that are followed. */
  visit(node: NodeProto): void {
    const [first = ''] = node.input;
    const entries = this.entries(first);
    if (!node.input.some((name) => this.known.has(name))) return;
    if (node.opType === 'Concat') {
      const parts = node.input.map((name) => this.entries(name));
      if (parts.every((part) => part !== undefined)) this.note(node, parts.flat());
    } else if (entries && PASSING.has(node.opType)) {
      this.note(node, entries);
    } else if (entries && node.opType === 'Gather') {
      const picked = this.entries(node.input[1] ?? '');
      if (picked?.every((index) => typeof index === 'number'))
        this.note(
          node,
          picked.map((index) => entries.at(index)),
        );
    } else if (entries && node.opType === 'Slice') {
      const [start] = this.entries(node.input[1] ?? '') ?? [];
      const [end] = this.entries(node.input[2] ?? '') ?? [];
      const [step = 1] = this.entries(node.input[4] ?? '') ?? [];
      if (typeof start === 'number' && typeof end === 'number' && step === 1)
        this.note(node, entries.slice(start, end));
    }
  }

  private note(node: NodeProto, entries: readonly ShapeEntry[]): void {
    this.known.set(node.output[0] ?? '', entries);
  }
}

/** A scalar and a list of one are the same to this bookkeeping. */
const PASSING: ReadonlySet<string> = new Set(['Unsqueeze', 'Squeeze', 'Cast', 'Identity']);
