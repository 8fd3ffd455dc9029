import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, DataType, elementCount, tensorDims, writeTensor } from '@kneepoint/onnx';

/**
 * A copy of a model with other numbers in some initializers, each in the type that it is stored in (float16 is rounded). Opset, names
 * and nodes are those of the model.
 * @throws INTERNAL for a name that is no initializer or numbers that do not fill it
 */
export function withWeights(model: ModelProto, weights: ReadonlyMap<string, Float32Array>): ModelProto {
  const copy = cloneModel(model);
  const left = new Set(weights.keys());
  copy.graph!.initializer = copy.graph!.initializer.map((tensor) => {
    const data = weights.get(tensor.name);
    if (!data) return tensor;
    left.delete(tensor.name);
    const [dims, type] = [tensorDims(tensor), tensor.dataType as DataType];
    if (elementCount(dims) !== data.length) {
      throw new Failure('INTERNAL', `${data.length} numbers for ${tensor.name} [${dims.join(', ')}]`);
    }
    return writeTensor(tensor.name, { dims, type, data: type === DataType.DOUBLE ? Float64Array.from(data) : data });
  });
  if (left.size > 0) throw new Failure('INTERNAL', `the model has no initializer ${[...left].join(', ')}`);
  return copy;
}
