import { create } from '@bufbuild/protobuf';
import { Graph } from '../graph.ts';
import type { ModelProto, ValueInfoProto } from '../proto.ts';
import { DataType, StringStringEntryProtoSchema } from '../proto.ts';
import { dimsOf } from '../value-info.ts';

/** An input or output as a file declares it. */
export interface DeclaredValue {
  readonly name: string;
  readonly type: DataType;
  /** Numbers are fixed lengths (some exporters write 0 or −1 for free ones); a word, or null where the file gives none, is a free one. */
  readonly dims: readonly (number | string | null)[];
}

/** How a file declares what it takes and gives, where that is not float32 images with the channels first in batches of any size. */
export interface DeclaredForm {
  /** In its order, with those that nothing reads. */
  readonly inputs: readonly DeclaredValue[];
  /** The name of the one that takes the images. */
  readonly image: string;
  /** Whether its channels come last. */
  readonly last: boolean;
  /** Element type of what it answers: FLOAT16 where all of its outputs are that, else FLOAT. */
  readonly answers: DataType;
}

/** The metadata entry of a network that is worked on in another form than the one that its file declares. */
export const DECLARED_ENTRY = 'kneepoint.declared';

/**
 * How the original of a network of images declares what it takes; undefined where the network, as it is worked on, is declared so
 * itself. `last`: whether the channels of the one input of images come last.
 */
export function declaredForm(original: ModelProto, worked: ModelProto, last: boolean): DeclaredForm | undefined {
  const inputs = new Graph(original).inputs.map(declaredValue);
  const outputs = new Graph(original).outputs.map(declaredValue);
  const [image] = new Graph(worked).inputs;
  if (!image) return undefined;
  const half = outputs.length > 0 && outputs.every(({ type }) => type === DataType.FLOAT16);
  const answers = half ? DataType.FLOAT16 : DataType.FLOAT;
  const [only, ...others] = inputs;
  const same =
    others.length === 0 && only !== undefined && JSON.stringify(only) === JSON.stringify(declaredValue(image));
  return same && !half ? undefined : { inputs, image: image.name, last, answers };
}

/** The form that a network carries in its metadata; undefined where it is declared as it is worked on. */
export function formOf({ metadataProps }: ModelProto): DeclaredForm | undefined {
  const text = metadataProps.find(({ key }) => key === DECLARED_ENTRY)?.value;
  return text === undefined ? undefined : (JSON.parse(text) as DeclaredForm);
}

/** Writes a form into a network's metadata, or takes it out. Changes the model. */
export function noteForm(model: ModelProto, form: DeclaredForm | undefined): void {
  model.metadataProps = model.metadataProps.filter(({ key }) => key !== DECLARED_ENTRY);
  if (!form) return;
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key: DECLARED_ENTRY, value: JSON.stringify(form) }));
}

function declaredValue(value: ValueInfoProto): DeclaredValue {
  const type = value.type?.value;
  return {
    name: value.name,
    type: type?.case === 'tensorType' ? type.value.elemType : DataType.UNDEFINED,
    dims: dimsOf(value).map((dim) => dim ?? null),
  };
}
