import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ModelProtoSchema } from '@kneepoint/onnx';
import type { Draw } from './draw.ts';

interface Length {
  readonly at: number;
  readonly bytes: number;
  readonly value: number;
}

/** An ONNX file in which one field, at any depth, claims another length than it has; nothing around it is put right. */
export function lieOfLength(file: Buffer, draw: Draw): Buffer {
  const lengths: Length[] = [];
  collect(file, ModelProtoSchema, 0, file.length, lengths);
  if (lengths.length === 0) return file;
  const { at, bytes, value } = draw.one(lengths);
  const lie = draw.one([0, 1, value - 1, value + 1, value * 2, file.length, 2 ** 31 - 1, 2 ** 32, 2 ** 53, value ^ 8]);
  return Buffer.concat([file.subarray(0, at), varint(Math.max(0, lie)), file.subarray(at + bytes)]);
}

function collect(file: Buffer, schema: DescMessage, from: number, end: number, found: Length[]): void {
  const fields = new Map<number, DescField>(schema.fields.map((field) => [field.number, field]));
  for (let at = from; at < end;) {
    const tag = readVarint(file, at);
    at += tag.bytes;
    const wire = tag.value % 8;
    if (wire === 0) at += readVarint(file, at).bytes;
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = readVarint(file, at);
      found.push({ at, ...length });
      at += length.bytes;
      const inner = fields.get(Math.floor(tag.value / 8))?.message;
      if (inner) collect(file, inner, at, at + length.value, found);
      at += length.value;
    } else return;
  }
}

function readVarint(file: Buffer, at: number): { readonly bytes: number; readonly value: number } {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = file[at + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { bytes: i + 1, value };
  }
  return { bytes: 10, value };
}

function varint(value: number): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest % 128) | 0x80);
  }
}
