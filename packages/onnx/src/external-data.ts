import { clearField } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import { byteLengthOf, dataTypeName } from './data-type.ts';
import type { ModelProto, TensorProto } from './proto.ts';
import { DataLocation, TensorProtoSchema } from './proto.ts';
import { elementCount, isDropped, tensorDims } from './tensor.ts';
import { allTensors } from './walk.ts';

/** Gives `length` bytes from `offset` of the file at `location`, a checked path relative to the model's folder. */
export type ReadExternal = (location: string, offset: number, length: number | undefined) => Uint8Array;

/**
 * Moves the values of every externally stored tensor of at most so many bytes into the model; larger ones stay where they are. The location is checked here as text (relative, below the
 * model's folder); that it is no link out of the folder is for `read` to check. Throws EXTERNAL_DATA_LOCATION,
 * EXTERNAL_DATA_RANGE, TENSOR_BAD_DIMS, and what `read` throws.
 */
export function inlineExternalData(model: ModelProto, read: ReadExternal, most = Infinity): void {
  for (const { tensor, where } of allTensors(model)) {
    if (tensor.dataLocation === DataLocation.EXTERNAL && !isDropped(tensor)) inline(tensor, where, read, most);
  }
}

function inline(tensor: TensorProto, where: string, read: ReadExternal, most: number): void {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = checkLocation(entries.get('location') ?? '', where);
  const offset = natural(entries.get('offset') ?? '0', 'offset', where);
  const declared = entries.get('length');
  const length = declared === undefined ? undefined : natural(declared, 'length', where);
  const needed = byteLengthOf(tensor.dataType, elementCount(tensorDims(tensor)));
  if (needed === undefined) {
    throw new Failure(
      'TENSOR_TYPE_UNSUPPORTED',
      `element type ${dataTypeName(tensor.dataType)} has no size in a file`,
      { where },
    );
  }
  if (length !== undefined && length !== needed) throw wrongSize(tensor, needed, `the entry declares ${length}`, where);
  if (needed > most) return;
  const bytes = read(location, offset, needed);
  if (bytes.byteLength !== needed) throw wrongSize(tensor, needed, `${location} gave ${bytes.byteLength}`, where);
  tensor.rawData = bytes;
  tensor.externalData = [];
  clearField(tensor, TensorProtoSchema.field.dataLocation);
}

function checkLocation(location: string, where: string): string {
  const refuse = (problem: string) =>
    new Failure('EXTERNAL_DATA_LOCATION', `location ${JSON.stringify(location)} ${problem}`, {
      where,
      fix: 'give a path relative to the model, with forward slashes and without ..',
    });
  if (location === '') throw refuse('is empty');
  if (location.length > 1024)
    throw new Failure('EXTERNAL_DATA_LOCATION', `location is ${location.length} characters long`, { where });
  if (location.includes('\\')) throw refuse('contains a backslash');
  if (location.startsWith('/') || /^[A-Za-z]:/.test(location)) throw refuse('is absolute');
  // A control character could end the path early in a C library or forge a line in a log.
  if ([...location].some((char) => char < ' ' || char === '\u007f')) throw refuse('contains a control character');
  if (location.split('/').includes('..')) throw refuse('leads out of the folder');
  return location;
}

function natural(text: string, key: string, where: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new Failure('EXTERNAL_DATA_RANGE', `${key} is ${JSON.stringify(text.slice(0, 40))}`, {
    where,
    fix: `give ${key} as a whole number of bytes`,
  });
}

function wrongSize(tensor: TensorProto, needed: number, found: string, where: string): Failure {
  const shape = `[${tensor.dims.join(', ')}] of ${dataTypeName(tensor.dataType)}`;
  return new Failure('EXTERNAL_DATA_RANGE', `dimensions ${shape} need ${needed} bytes, ${found}`, { where });
}
