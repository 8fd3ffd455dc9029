import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import { MODEL_LIMITS, type ModelLimits } from './limits.ts';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from './proto.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** A varint can be one byte in the file and one BigInt (about 24 bytes) in memory, so it weighs more than a float. */
const BIGINT_WEIGHT = 4;

/**
 * Walks the protobuf wire format of a model without building anything, and throws before a hostile file can make the decoder
 * allocate: MODEL_NOT_ONNX, MODEL_TRUNCATED, MODEL_TOO_LARGE, MODEL_TOO_DEEP. Raw weights are stepped over, so the time goes
 * with the number of fields and not with the size. Wire format: protobuf.dev/programming-guides/encoding.
 */
export function scanModel(bytes: Uint8Array, limits: ModelLimits): void {
  if (bytes.byteLength > limits.bytes) throw tooLarge('bytes', bytes.byteLength, limits.bytes);
  new Scanner(bytes, limits).message(ModelProtoSchema, bytes.byteLength, 0, 0);
}

class Scanner {
  private readonly bytes: Uint8Array;
  private readonly limits: ModelLimits;
  private pos = 0;
  private fields = 0;
  private numbers = 0;
  private nodes = 0;
  private tensors = 0;
  /** Known fields of the outermost message seen so far: with one, a broken end means a broken copy and not another format. */
  private known = 0;

  constructor(bytes: Uint8Array, limits: ModelLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  message(schema: DescMessage, end: number, depth: number, graphs: number): void {
    if (depth > this.limits.messageDepth) throw tooDeep('messages', this.limits.messageDepth, this.pos);
    const level = schema === GraphProtoSchema ? graphs + 1 : graphs;
    if (level > this.limits.graphDepth) throw tooDeep('graphs', this.limits.graphDepth, this.pos);
    this.count(schema);
    const fields = fieldsOf(schema);
    while (this.pos < end) {
      const tag = this.varint(end);
      const wire = tag % 8;
      const field = fields.get(Math.floor(tag / 8));
      if (tag < 8) throw this.broken('a field without a number');
      if (++this.fields > this.limits.fields) throw tooLarge('fields', this.fields, this.limits.fields);
      if (field && depth === 0 && fits(field, wire)) this.known++;
      this.value(field, wire, end, depth, level);
    }
  }

  private value(field: DescField | undefined, wire: number, end: number, depth: number, graphs: number): void {
    if (wire === VARINT) this.varint(end);
    else if (wire === FIXED64) this.skip(8, end);
    else if (wire === FIXED32) this.skip(4, end);
    else if (wire === LENGTH) this.delimited(field, end, depth, graphs);
    else throw this.broken(`wire type ${wire}`);
    if (field?.fieldKind === 'list' && wire !== LENGTH) this.weigh(1, field);
  }

  private delimited(field: DescField | undefined, end: number, depth: number, graphs: number): void {
    const length = this.varint(end);
    const stop = this.pos + length;
    if (stop > end) throw this.cut(stop - end);
    const schema = field?.message;
    if (schema) {
      this.message(schema, stop, depth + 1, graphs);
      return;
    }
    if (field?.fieldKind === 'list' && field.listKind === 'scalar') this.weigh(packedCount(field, length), field);
    const text = field && textLimit(field);
    if (text && length > this.limits[text]) throw tooLarge(text, length, this.limits[text]);
    this.pos = stop;
  }

  private count(schema: DescMessage): void {
    if (schema === NodeProtoSchema && ++this.nodes > this.limits.nodes) {
      throw tooLarge('nodes', this.nodes, this.limits.nodes);
    }
    if (schema === TensorProtoSchema && ++this.tensors > this.limits.tensors) {
      throw tooLarge('tensors', this.tensors, this.limits.tensors);
    }
  }

  private weigh(count: number, field: DescField): void {
    const big = field.scalar === ScalarType.INT64 || field.scalar === ScalarType.UINT64;
    this.numbers += count * (big ? BIGINT_WEIGHT : 1);
    if (this.numbers > this.limits.numbers) throw tooLarge('numbers', this.numbers, this.limits.numbers);
  }

  private varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= end) throw this.cut(1);
      const byte = this.bytes[this.pos++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.broken('a number longer than ten bytes');
  }

  private skip(length: number, end: number): void {
    if (this.pos + length > end) throw this.cut(this.pos + length - end);
    this.pos += length;
  }

  private cut(missing: number): Failure {
    if (this.known === 0) return this.broken('a length beyond the end');
    return new Failure('MODEL_TRUNCATED', `the file ends ${missing} bytes before the end of a field`, {
      where: `byte ${this.pos} of ${this.bytes.byteLength}`,
    });
  }

  private broken(what: string): Failure {
    return new Failure('MODEL_NOT_ONNX', `found ${what} where an ONNX field should be`, {
      where: `byte ${this.pos} of ${this.bytes.byteLength}`,
    });
  }
}

const tables = new Map<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let table = tables.get(schema);
  if (!table) {
    table = new Map(schema.fields.map((field) => [field.number, field]));
    tables.set(schema, table);
  }
  return table;
}

/** The limit that the length of a text has; bytes of tensors have others. */
function textLimit(field: DescField): 'nameBytes' | 'textBytes' | undefined {
  if (field.scalar === ScalarType.STRING) return LONG_TEXTS.has(field.name) ? 'textBytes' : 'nameBytes';
  const attribute = field.parent.typeName === AttributeProtoSchema.typeName;
  return attribute && field.scalar === ScalarType.BYTES ? 'textBytes' : undefined;
}

const LONG_TEXTS: ReadonlySet<string> = new Set(['doc_string', 'value']);

function fits(field: DescField, wire: number): boolean {
  const scalar =
    field.fieldKind === 'scalar' && field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
  return wire === (scalar ? VARINT : LENGTH);
}

function packedCount(field: DescField, length: number): number {
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 0;
    case ScalarType.FLOAT:
      return length / 4;
    case ScalarType.DOUBLE:
      return length / 8;
    default:
      // A varint takes at least a byte.
      return length;
  }
}

function tooLarge(limit: keyof ModelLimits, found: number, most: number): Failure {
  return new Failure(
    'MODEL_TOO_LARGE',
    `the model has ${found} ${MODEL_LIMITS[limit].what} or more; the limit is ${most}`,
    {
      where: `limit ${limit}`,
    },
  );
}

function tooDeep(what: string, most: number, pos: number): Failure {
  return new Failure('MODEL_TOO_DEEP', `${what} nested more than ${most} levels deep`, { where: `byte ${pos}` });
}
