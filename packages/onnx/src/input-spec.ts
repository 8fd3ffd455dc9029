import { Failure } from '@kneepoint/failures';
import { dataTypeName } from './data-type.ts';
import { Graph } from './graph.ts';
import type { ModelProto, ValueInfoProto } from './proto.ts';
import { DataType } from './proto.ts';
import { dimsOf } from './value-info.ts';

/** Pixels; one image is made for real when the model is first run, so what the file claims must fit into memory. */
const LARGEST_SIDE = 8192;

/** The image input of a model: batch × channels × height × width, float32. */
export interface InputSpec {
  readonly name: string;
  readonly elemType: DataType;
  readonly channels: 1 | 3 | 4;
  readonly height: number;
  readonly width: number;
  readonly layout: 'NCHW';
  /** The only batch size that the model takes, or 'free'. */
  readonly batch: number | 'free';
}

/** The one image input. Throws MODEL_INPUT_COUNT, MODEL_INPUT_TYPE, MODEL_INPUT_SHAPE, each saying what was found. */
export function inputSpec(model: ModelProto): InputSpec {
  const { inputs } = new Graph(model);
  const [value] = inputs;
  if (!value || inputs.length > 1) {
    const found = inputs.map((input) => `${input.name} [${describe(dimsOf(input))}]`).join(', ');
    throw new Failure(
      'MODEL_INPUT_COUNT',
      inputs.length === 0 ? 'the model has no input' : `the model has ${inputs.length} inputs: ${found}`,
      {
        where: 'graph inputs',
      },
    );
  }
  const elemType = elementType(value);
  const dims = dimsOf(value);
  const [batch, channels, height, width] = dims;
  const refuse = (problem: string, fix: string) =>
    new Failure('MODEL_INPUT_SHAPE', `input ${value.name} has shape [${describe(dims)}]: ${problem}`, {
      where: `input ${value.name}`,
      fix,
    });
  if (dims.length !== 4) throw refuse(`${dims.length} dimensions instead of 4`, 'batch × channels × height × width');
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    const last = width === 1 || width === 3 || width === 4;
    throw last
      ? refuse('the channels come last', 'export with channels first (NCHW)')
      : refuse(
          `${channels ?? 'an unknown number of'} channels`,
          '1 channel (grey), 3 (colour) or 4 (colour and transparency), fixed in the file',
        );
  }
  if (!isPositive(height) || !isPositive(width)) {
    throw refuse(
      'height or width is not fixed',
      'say the size of its images in the preprocessing ("size"), or export for one',
    );
  }
  if (height > LARGEST_SIDE || width > LARGEST_SIDE) {
    throw refuse(`${height} × ${width} pixels are too many`, `at most ${LARGEST_SIDE} × ${LARGEST_SIDE} pixels`);
  }
  if (typeof batch === 'number' && batch < 0) throw refuse('a negative batch', 'a batch that is free or at least 1');
  // Some exporters write 0 for a free dimension.
  const free = typeof batch !== 'number' || batch === 0;
  return { name: value.name, elemType, channels, height, width, layout: 'NCHW', batch: free ? 'free' : batch };
}

function elementType(value: ValueInfoProto): DataType {
  const type = value.type?.value;
  const found = type?.case === 'tensorType' ? dataTypeName(type.value.elemType) : (type?.case ?? 'nothing');
  if (type?.case === 'tensorType' && found === 'FLOAT') return DataType.FLOAT;
  throw new Failure('MODEL_INPUT_TYPE', `input ${value.name} takes ${found}, not FLOAT`, {
    where: `input ${value.name}`,
  });
}

function isPositive(dim: number | string | undefined): dim is number {
  return typeof dim === 'number' && dim > 0;
}

function describe(dims: readonly (number | string | undefined)[]): string {
  return dims.map((dim) => dim ?? '?').join(', ');
}
