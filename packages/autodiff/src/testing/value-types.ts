import type { ModelProto, Tensor } from '@kneepoint/onnx';
import { cloneModel, DataType, Graph, valueInfo } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import type { ValueType } from '../emit/emitter.ts';

const TYPES: Readonly<Record<string, DataType>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/** Dimensions and element type of every value of a small model for the given inputs, by running it with all of them as outputs. */
export async function measureTypes(
  model: ModelProto,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<ReadonlyMap<string, ValueType>> {
  const session = await openSession(exposed(model), { optimization: 'disabled', threads: 1 });
  try {
    const results = await session.run(inputs);
    const types = new Map<string, ValueType>();
    for (const [name, { dims, type }] of Object.entries(inputs)) types.set(name, { dims, type });
    for (const { name, type } of session.outputs) types.set(name, { dims: results[name]!.dims, type: TYPES[type]! });
    return types;
  } finally {
    await session.release();
  }
}

function exposed(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  const { proto } = new Graph(copy);
  const known = new Set(proto.output.map(({ name }) => name));
  for (const name of proto.node.flatMap((node) => node.output)) {
    if (name === '' || known.has(name)) continue;
    const value = valueInfo(name);
    // Left to the runtime to infer.
    delete value.type;
    proto.output.push(value);
  }
  return copy;
}
