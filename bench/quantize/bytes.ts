/**
 * `npx tsx bench/quantize/bytes.ts FILE.onnx …`: what fills a file, in bytes: weights and scales by type and rank, nodes by operator, the names of
 * values, what the file says of itself.
 */
import { readFile } from 'node:fs/promises';
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import {
  DataType,
  decodeModel,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '@kneepoint/onnx';

for (const path of process.argv.slice(2)) {
  const bytes = await readFile(path);
  const { graph, metadataProps } = decodeModel(bytes);
  const filled = new Map<string, number>();
  const add = (what: string, count: number): void => void filled.set(what, (filled.get(what) ?? 0) + count);
  const size = <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): number =>
    toBinary(schema, message).length;
  const values = graph!.initializer;
  for (const value of values) {
    const rank = value.dims.length === 0 ? 'a number' : value.dims.length === 1 ? 'one for each filter' : 'weights';
    add(`${DataType[value.dataType]?.toLowerCase()}, ${rank}`, size(TensorProtoSchema, value));
  }
  for (const node of graph!.node) add(node.opType, size(NodeProtoSchema, node));
  for (const value of graph!.valueInfo) add('shapes of values', size(ValueInfoProtoSchema, value));
  for (const entry of metadataProps) add(entry.key, size(StringStringEntryProtoSchema, entry));
  add(
    '… of which names of values',
    [...graph!.node.flatMap(({ input, output }) => [...input, ...output])].join('').length,
  );
  console.log(`\n| ${path} | ${bytes.length} |\n|---|---:|`);
  const sorted = [...filled].sort(([, a], [, b]) => b - a);
  for (const [what, count] of sorted) console.log(`| ${what} | ${count} |`);
}
