import type { ModelProto, NodeProto, TensorProto } from '../proto.ts';
import { AttributeType, DataType } from '../proto.ts';
import { readTensor, writeTensor } from '../tensor.ts';
import { allGraphs } from '../walk.ts';

/** Every float16 tensor, type and Cast becomes float32. Changes the model. */
export function widen(model: ModelProto): void {
  retype(model, DataType.FLOAT16, DataType.FLOAT);
}

/**
 * The reverse: every float32 becomes float16, rounded to the nearest, but for what operators take as float32 alone. Whether the network
 * still answers the same is for who asks to see: numbers above 65504 become infinite. Changes the model.
 */
export function narrow(model: ModelProto): void {
  retype(model, DataType.FLOAT, DataType.FLOAT16);
}

/** Inputs that are float32 whatever the rest of the operator is, from this position on. */
const ALWAYS_FLOAT: ReadonlyMap<string, number> = new Map([
  ['Resize', 2],
  ['Upsample', 1],
]);
const TYPE_ATTRIBUTES: ReadonlySet<string> = new Set(['to', 'dtype', 'output_dtype', 'stash_type']);

function retype(model: ModelProto, from: DataType, to: DataType): void {
  const graphs = [...allGraphs(model.graph!)];
  const kept = new Set(to === DataType.FLOAT16 ? graphs.flatMap(({ node }) => node.flatMap(floatsOf)) : []);
  const changed = (tensor: TensorProto): TensorProto =>
    tensor.dataType === (from as number) && !kept.has(tensor.name)
      ? writeTensor(tensor.name, { ...readTensor(tensor), type: to })
      : tensor;
  for (const graph of graphs) {
    graph.initializer = graph.initializer.map(changed);
    graph.valueInfo = [];
    for (const value of [...graph.input, ...graph.output]) {
      const type = value.type?.value;
      if (type?.case === 'tensorType' && type.value.elemType === (from as number)) type.value.elemType = to;
    }
    for (const { attribute } of graph.node) {
      for (const entry of attribute) {
        if (entry.t) entry.t = changed(entry.t);
        if (
          TYPE_ATTRIBUTES.has(entry.name) &&
          entry.type === AttributeType.INT &&
          Number(entry.i) === (from as number)
        ) {
          entry.i = BigInt(to);
        }
      }
    }
  }
}

function floatsOf({ opType, input }: NodeProto): string[] {
  const first = ALWAYS_FLOAT.get(opType);
  return first === undefined ? [] : input.slice(first);
}
