import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, Graph, initializerBehind, valueInfo } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';

/** Operators that make whole numbers or truth values of numbers, and those that pick numbers by them. */
const DECIDES: ReadonlySet<string> = new Set([
  ...['ArgMax', 'ArgMin', 'TopK', 'Hardmax', 'NonZero', 'NonMaxSuppression'],
  ...['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal', 'IsNaN', 'IsInf'],
  ...['Floor', 'Ceil', 'Round', 'Sign', 'Cast'],
  ...['GatherElements', 'GatherND'],
]);
/** Operators behind a decision, through which it is looked for. */
const PASSES: ReadonlySet<string> = new Set([
  ...['Not', 'And', 'Or', 'Xor', 'Where', 'Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Clip', 'Cast'],
  ...['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Concat', 'Slice', 'Split', 'Gather'],
  ...['GatherND', 'GatherElements', 'Expand', 'ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceMean', 'Pad'],
  // The best of the best, and which of them.
  ...['TopK', 'Tile', 'Div', 'Mod'],
]);

/**
 * The numbers that decide the answers of a network which gives classes, positions or truth values alone, or numbers in an order that it finds
 * itself: what its last comparisons and extremes read, and what is picked from. Those tell a wrong cut from a right one where no answer
 * changes, or where rounding alone puts answers in another order. `kept`: shapes in the cut network; what lost channels
 * itself is left out.
 */
export function witnessesOf(model: ModelProto, shapes: Shapes, kept: Shapes): readonly string[] {
  const graph = new Graph(model);
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = graph.outputs.map(({ name }) => name);
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const node = seen.has(value) ? undefined : graph.producer(value);
    seen.add(value);
    if (!node) continue;
    const made = node.input.filter((name) => graph.producer(name) && initializerBehind(graph, name) === undefined);
    if (DECIDES.has(node.opType)) for (const name of made) found.add(name);
    if (PASSES.has(node.opType)) pending.push(...made);
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return [...found].filter((name) => !outputs.has(name) && shapes.get(name)?.join() === kept.get(name)?.join());
}

/** A copy that answers these values, too. The runtime knows their types. */
export function exposing(model: ModelProto, values: readonly string[]): ModelProto {
  if (values.length === 0) return model;
  const copy = cloneModel(model);
  for (const name of values) {
    const value = valueInfo(name);
    delete value.type;
    copy.graph!.output.push(value);
  }
  return copy;
}
