import { cloneModel } from './codec.ts';
import type { ModelProto } from './proto.ts';
import { dimsOf, valueInfo } from './value-info.ts';

/** A copy of the model whose value_info states the given shapes (batch 1), so that a skeleton can be planned on by itself. */
export function withDeclaredShapes(model: ModelProto, shapes: ReadonlyMap<string, readonly number[]>): ModelProto {
  const copy = cloneModel(model);
  copy.graph!.valueInfo = [...shapes].map(([name, dims]) => valueInfo(name, dims));
  return copy;
}

/** The shapes that a model's value_info states; only those that are fully known. */
export function declaredShapes(model: ModelProto): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const info of model.graph?.valueInfo ?? []) {
    const type = info.type?.value;
    // Without a shape nothing is stated; a shape without dimensions states a scalar.
    if (type?.case !== 'tensorType' || !type.value.shape) continue;
    const dims = dimsOf(info);
    if (dims.every((dim) => typeof dim === 'number')) shapes.set(info.name, dims);
  }
  return shapes;
}
