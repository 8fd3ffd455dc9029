import { intAttr } from '../attributes.ts';
import type { Graph } from '../graph.ts';
import { isDefaultDomain } from '../graph.ts';
import type { NodeProto } from '../proto.ts';
import { DataType } from '../proto.ts';
import { isDropped, readTensor, tensorNumbers } from '../tensor.ts';
import { constantDims, constantProto } from './constants.ts';
import type { Folded } from './evaluators.ts';
import { EVALUATORS, foldedInts, MAX_FOLDED } from './evaluators.ts';
import { volume } from './movement.ts';

/**
 * Evaluates the small constants of a graph on demand, with Shape answered by `shapeOf`. The same arithmetic can so be asked
 * twice: once with the shapes as they are, once with the shapes that remain after channels are gone.
 */
export class Folder {
  private readonly values = new Map<string, Folded | undefined>();
  private readonly graph: Graph;
  private readonly shapeOf: (value: string) => readonly number[] | undefined;

  constructor(graph: Graph, shapeOf: (value: string) => readonly number[] | undefined) {
    this.graph = graph;
    this.shapeOf = shapeOf;
  }

  /** The value when it follows from constants and shapes alone; undefined when it depends on data or is large. */
  value(name: string): Folded | undefined {
    if (name === '') return undefined;
    // Open values stand on a stack of their own: a chain of a hundred thousand nodes would overflow the call stack.
    for (const open = this.values.has(name) ? [] : [name]; open.length > 0;) {
      const top = open.at(-1)!;
      if (this.values.has(top)) {
        this.values.set(top, this.stored(top) ?? this.computed(top));
        open.pop();
      } else {
        // Set first: a circular graph must end here as "unknown".
        this.values.set(top, undefined);
        open.push(...this.needed(top));
      }
    }
    return this.values.get(name);
  }

  /** What a value is computed from and is not looked at yet. */
  private needed(name: string): string[] {
    const node = this.graph.producer(name);
    if (!node || EVALUATORS[node.opType] === undefined) return [];
    return [...new Set(node.input)].filter((input) => input !== '' && !this.values.has(input));
  }

  private stored(name: string): Folded | undefined {
    const tensor = constantProto(this.graph, name);
    if (!tensor || isDropped(tensor) || !NUMERIC.has(tensor.dataType)) return undefined;
    const dims = constantDims(tensor);
    if (volume(dims) > MAX_FOLDED) return undefined;
    const integer = tensor.dataType !== (DataType.FLOAT as number) && tensor.dataType !== (DataType.DOUBLE as number);
    return { dims, data: Float64Array.from(tensorNumbers(readTensor(tensor))), integer };
  }

  private computed(name: string): Folded | undefined {
    const node = this.graph.producer(name);
    if (!node || !isDefaultDomain(node.domain) || node.output[0] !== name) return undefined;
    if (node.opType === 'Shape') return this.shape(node);
    if (node.opType === 'Size') {
      const dims = this.shapeOf(node.input[0] ?? '');
      return dims && foldedInts([volume(dims)], []);
    }
    const evaluate = EVALUATORS[node.opType];
    if (!evaluate) return undefined;
    const inputs = node.input.map((input) => this.value(input));
    if (!inputs.some((input) => input)) return undefined;
    const result = evaluate({ node, opset: this.graph.opset, inputs });
    return result && result.data.length <= MAX_FOLDED ? result : undefined;
  }

  private shape(node: NodeProto): Folded | undefined {
    const dims = this.shapeOf(node.input[0] ?? '');
    if (!dims) return undefined;
    return foldedInts(dims.slice(intAttr(node, 'start', 0), intAttr(node, 'end', dims.length)));
  }
}

const NUMERIC: ReadonlySet<number> = new Set([
  DataType.FLOAT,
  DataType.DOUBLE,
  DataType.INT64,
  DataType.INT32,
  DataType.BOOL,
]);
