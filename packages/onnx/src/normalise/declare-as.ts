import { clone } from '@bufbuild/protobuf';
import { cloneModel } from '../codec.ts';
import { Graph } from '../graph.ts';
import type { ModelProto, ValueInfoProto } from '../proto.ts';
import { ValueInfoProtoSchema } from '../proto.ts';
import { dimsOf, valueInfo } from '../value-info.ts';

/**
 * A copy whose inputs and outputs are declared as those of the original: the batch that it had, lengths that were free, inputs that
 * nothing reads, and their order. Only what is declared changes; nodes stay. With `batch`, a number or the name of a free length, the
 * leading axis of the values that `leads` names is declared so instead. An output of which the original gives no shape, which checkers
 * refuse, gets the number of dimensions that `shapes` knows.
 */
export function declareAs(
  model: ModelProto,
  original: ModelProto,
  {
    batch,
    leads = new Set(),
    shapes = new Map(),
  }: {
    readonly batch?: number | string;
    readonly leads?: ReadonlySet<string>;
    readonly shapes?: ReadonlyMap<string, readonly number[]>;
  } = {},
): ModelProto {
  const copy = cloneModel(model);
  const source = new Graph(original);
  const declared = (value: ValueInfoProto): ValueInfoProto => {
    const [first, ...rest] = dimsOf(value);
    const type = value.type?.value;
    const known = shapes.get(value.name);
    if (type?.case === 'tensorType' && !type.value.shape && known) {
      return valueInfo(
        value.name,
        known.map(() => undefined),
        type.value.elemType,
      );
    }
    if (batch === undefined || !leads.has(value.name) || first === batch || type?.case !== 'tensorType') {
      return clone(ValueInfoProtoSchema, value);
    }
    return valueInfo(value.name, [batch, ...rest], type.value.elemType);
  };
  const made = new Set(copy.graph!.output.map(({ name }) => name));
  copy.graph!.input = source.inputs.map(declared);
  copy.graph!.output = source.outputs.filter(({ name }) => made.has(name)).map(declared);
  copy.graph!.valueInfo = [];
  return copy;
}
