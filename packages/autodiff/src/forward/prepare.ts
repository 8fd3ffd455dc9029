import type { DataType, ModelProto } from '@kneepoint/onnx';
import type { ValueType } from '../emit/emitter.ts';
import { valueTypes } from './value-types.ts';

export interface Prepared {
  readonly model: ModelProto;
  readonly types: ReadonlyMap<string, ValueType>;
}

export interface PrepareOptions {
  /** Initializers that must stay what they are: weights that train. */
  readonly keep?: ReadonlySet<string>;
  readonly float?: DataType;
}

export function prepareForward(
  model: ModelProto,
  shapes: ReadonlyMap<string, readonly number[]>,
  _options: PrepareOptions = {},
): Prepared {
  return { model, types: valueTypes(model, shapes) };
}
