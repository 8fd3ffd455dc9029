import { create } from '@bufbuild/protobuf';
import { cloneModel, type ModelProto, StringStringEntryProtoSchema } from '@kneepoint/onnx';

/**
 * A copy that says what its user must know to feed it and to read its answer: preprocessing, tasks, thresholds, origin. Values are
 * written as JSON under their names; undefined removes what the file says under a name.
 */
export function describeModel(model: ModelProto, entries: Readonly<Record<string, unknown>>): ModelProto {
  const copy = cloneModel(model);
  const said = Object.entries(entries).filter(([, value]) => value !== undefined);
  copy.producerName = 'kneepoint';
  copy.metadataProps = [
    ...copy.metadataProps.filter(({ key }) => !(key in entries)),
    ...said.map(([key, value]) => create(StringStringEntryProtoSchema, { key, value: JSON.stringify(value) })),
  ];
  return copy;
}
