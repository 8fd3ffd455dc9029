import { create } from '@bufbuild/protobuf';
import { intAttr, intsAttr, setAttr } from '../attributes.ts';
import { cloneModel } from '../codec.ts';
import { Graph } from '../graph.ts';
import { imageAxes, type ImageSize, sizedDims } from '../input-feeds.ts';
import type { ModelProto, NodeProto } from '../proto.ts';
import { DataType, NodeProtoSchema } from '../proto.ts';
import { dimsOf, valueInfo } from '../value-info.ts';
import { widen } from './half-precision.ts';

/** What differs from float32 images with channels first. */
interface Form {
  readonly bytes: boolean;
  readonly last: boolean;
}

export interface AsImages {
  /** A new model; the one given is not changed. */
  readonly model: ModelProto;
  /** Whether the file takes bytes, so that images are numbers from 0 to 255. */
  readonly bytes: boolean;
  /** Whether its channels come last. */
  readonly last: boolean;
  /** What was changed, for the user to read. */
  readonly notes: readonly string[];
}

/**
 * The network as one of float32 images with the channels first, which is what every step behind the import feeds: inputs that nothing reads
 * go, half precision is widened, bytes are taken as numbers from 0 to 255, channels that come last are moved, free height and width are
 * fixed at `size`. What is no batch of images is left as it is, for `inputSpec` to refuse.
 */
export function asImages(model: ModelProto, { size }: { readonly size?: ImageSize | undefined } = {}): AsImages {
  const copy = cloneModel(model);
  const notes: string[] = [];
  dropUnread(copy, notes);
  const graph = new Graph(copy);
  const [input] = graph.inputs;
  const isImages = input !== undefined && graph.inputs.length === 1 && dimsOf(input).length === 4;
  if (!isImages || graph.consumers(input.name).some(({ input: position }) => position < 0))
    return { model: copy, bytes: false, last: false, notes };
  const type = input.type?.value.case === 'tensorType' ? input.type.value.value.elemType : DataType.UNDEFINED;
  if (type === (DataType.FLOAT16 as number)) {
    widen(copy);
    notes.push(`${input.name} takes FLOAT16: the network is worked on in FLOAT, and written in FLOAT16.`);
  }
  const declared = dimsOf(input);
  const dims = sizedDims(declared, size);
  if (dims.some((dim, axis) => dim !== declared[axis])) {
    notes.push(
      `${input.name} takes images of any size: it is worked on at ${size!.height} × ${size!.width}, and written for any.`,
    );
  }
  const last = imageAxes(dims)!.height === 1;
  const bytes = type === (DataType.UINT8 as number);
  if (bytes)
    notes.push(
      `${input.name} takes UINT8: it is worked on with the same numbers, 0 to 255, as FLOAT, and written for UINT8.`,
    );
  if (last)
    notes.push(
      `${input.name} has its channels last: it is worked on with channels first, and written with channels last.`,
    );
  if (bytes || last) adapt(copy, input.name, { bytes, last });
  const [batch, ...rest] = dims;
  const first = last ? [batch, rest[2], rest[0], rest[1]] : dims;
  const reads = bytes || type === (DataType.FLOAT16 as number) ? DataType.FLOAT : type;
  copy.graph!.input = copy.graph!.input.map((value) =>
    value.name === input.name ? valueInfo(input.name, first, reads) : value,
  );
  return { model: copy, bytes, last, notes };
}

function dropUnread(model: ModelProto, notes: string[]): void {
  const graph = new Graph(model);
  const unread = graph.inputs.filter(({ name }) => graph.consumers(name).length === 0 && !graph.isOutput(name));
  if (unread.length === 0 || unread.length === graph.inputs.length) return;
  graph.proto.input = graph.proto.input.filter((value) => !unread.includes(value));
  notes.push(
    `Nothing reads ${unread.map(({ name }) => name).join(', ')}: it is fed nothing, and declared again in what is written.`,
  );
}

/** Puts what was fed before (bytes, channels last) behind an input of float32 with channels first, or takes out what undoes that. */
function adapt(model: ModelProto, input: string, { bytes, last }: Form): void {
  const graph = new Graph(model);
  const readers = graph.consumers(input);
  const added: NodeProto[] = [];
  const add = (name: string, opType: string, from: string, attribute: string, setting: number | number[]): string => {
    const node = create(NodeProtoSchema, { name, opType, input: [from], output: [name] });
    setAttr(node, attribute, setting);
    added.push(node);
    return name;
  };
  // A file that moves the channels to the front by itself need not move them at all.
  const undone = last && !bytes && readers.every(({ node }) => isToFront(node));
  const plain = last && !undone ? add(`${input}/channels_last`, 'Transpose', input, 'perm', [0, 2, 3, 1]) : input;
  let whole: string | undefined;
  for (const { node, input: position } of readers) {
    // Widening bytes is nothing any more; whoever else reads them, an Identity too, sees bytes still.
    const idle = undone || (bytes && isToFloat(node));
    if (idle) Object.assign(node, { opType: 'Identity', attribute: [] });
    else if (bytes) whole ??= add(`${input}/bytes`, 'Cast', plain, 'to', DataType.UINT8);
    node.input[position] = idle || whole === undefined ? plain : whole;
  }
  graph.proto.node.unshift(...added);
}

function isToFront(node: NodeProto): boolean {
  return node.opType === 'Transpose' && intsAttr(node, 'perm', []).join() === '0,3,1,2';
}

function isToFloat(node: NodeProto): boolean {
  return node.opType === 'Cast' && intAttr(node, 'to') === (DataType.FLOAT as number);
}
