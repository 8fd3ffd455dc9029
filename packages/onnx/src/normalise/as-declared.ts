import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import { intAttr, intsAttr, setAttr } from '../attributes.ts';
import { cloneModel } from '../codec.ts';
import { Graph } from '../graph.ts';
import { imageAxes, isFree, type SizeAxes } from '../input-feeds.ts';
import type { ModelProto, NodeProto } from '../proto.ts';
import { DataType, NodeProtoSchema } from '../proto.ts';
import { dimsOf, valueInfo } from '../value-info.ts';
import { formOf, noteForm } from './declared-form.ts';
import { freeGrid } from './free-grid.ts';
import { narrow } from './half-precision.ts';

/** The batch that a written file is to have: any, or so many images. */
export type WantedBatch = 'free' | number;

export interface AsDeclaredOptions {
  /** In place of the batch that the original has. */
  readonly batch?: WantedBatch | undefined;
  /** Whether a network of half precision is one inside, too, or computes in float32 between two Casts. Default true. */
  readonly halfInside?: boolean;
  /** Which of height and width, where they were free, are free again; the others stay as they were fixed for the work. Default both. */
  readonly freeSize?: SizeAxes;
}

const FREE = 'N';
const TO_FRONT = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

/**
 * A network of float32 images as a file that declares its inputs as the original did, which its metadata say (see `DeclaredForm`): bytes or
 * half precision, channels last, the batch, free height and width, inputs that nothing reads. Without such an entry the network is its own
 * original. What it computes stays. Throws ONNX_BATCH_FIXED where another batch is asked for than the network can take.
 */
export function asDeclared(
  model: ModelProto,
  { batch, halfInside = true, freeSize = { height: true, width: true } }: AsDeclaredOptions = {},
): ModelProto {
  const form = formOf(model);
  if (!form && batch === undefined) return model;
  const copy = cloneModel(model);
  noteForm(copy, undefined);
  const graph = new Graph(copy);
  const input = graph.inputs.find(({ name }) => name === form?.image) ?? graph.inputs[0]!;
  const worked = dimsOf(input);
  const own = form?.inputs.find(({ name }) => name === input.name);
  const declared = own?.dims.map((dim) => dim ?? undefined) ?? worked;
  const lead = wantedBatch(worked[0], declared[0], batch);
  const type = own?.type ?? DataType.FLOAT;
  const half = form?.answers === DataType.FLOAT16 && halfInside;
  if (half) narrow(copy);
  const last = form?.last ?? false;
  wrap(copy, input.name, { type, last, inner: half ? DataType.FLOAT16 : DataType.FLOAT });
  const sized = last ? [worked[0], worked[2], worked[3], worked[1]] : worked;
  const axes = imageAxes(declared);
  const fixed = new Set([freeSize.height ? undefined : axes?.height, freeSize.width ? undefined : axes?.width]);
  const rest = declared.slice(1).map((dim, i) => (fixed.has(i + 1) ? sized[i + 1] : dim));
  if (rest.some((dim) => isFree(dim))) freeGrid(copy);
  const others = form?.inputs ?? [{ name: input.name, type, dims: worked.map((dim) => dim ?? null) }];
  copy.graph!.input = others.map(({ name, type: own, dims }) =>
    valueInfo(name, name === input.name ? [lead, ...rest] : dims.map((dim) => dim ?? undefined), own),
  );
  const answers = form?.answers ?? DataType.FLOAT;
  if (answers === DataType.FLOAT16 && !half) narrowAnswers(copy);
  copy.graph!.output = copy.graph!.output.map((value) => {
    const [, ...lengths] = dimsOf(value);
    // 0 and −1 stand for a free length in what an exporter wrote, and nowhere else.
    return valueInfo(value.name, [typeof lead === 'number' && isFree(lead) ? FREE : lead, ...lengths], answers);
  });
  copy.graph!.valueInfo = [];
  return copy;
}

function wantedBatch(
  worked: number | string | undefined,
  declared: number | string | undefined,
  batch: WantedBatch | undefined,
): number | string | undefined {
  const wanted = batch === undefined ? declared : batch === 'free' ? (isFree(declared) ? declared : FREE) : batch;
  if (isFree(worked) || worked === wanted) return wanted;
  throw new Failure('ONNX_BATCH_FIXED', `the network runs ${worked} at a time, and its batch cannot be made free`, {
    where: 'batch',
    fix: `leave the batch as it is: the written file then takes ${worked} at a time, as the original does`,
  });
}

/** Puts what makes float32 images with channels first of what is declared in front, and takes out what only undoes that. */
function wrap(
  model: ModelProto,
  input: string,
  { type, last, inner }: { readonly type: DataType; readonly last: boolean; readonly inner: DataType },
): void {
  const cast = type !== inner;
  if (!cast && !last) return;
  const graph = new Graph(model);
  const taken = new Set([
    ...graph.proto.node.flatMap(({ output }) => output),
    ...graph.proto.initializer.map(({ name }) => name),
  ]);
  const fresh = (stem: string): string => (taken.has(stem) ? fresh(`${stem}_`) : stem);
  const added: NodeProto[] = [];
  const add = (opType: string, from: string, output: string, attribute: string, setting: number | number[]): string => {
    const node = create(NodeProtoSchema, { name: output, opType, input: [from], output: [output] });
    setAttr(node, attribute, setting);
    added.push(node);
    return output;
  };
  const wide = cast ? add('Cast', input, fresh(`${input}/float`), 'to', inner) : input;
  const first = last ? add('Transpose', wide, fresh(`${input}/channels_first`), 'perm', TO_FRONT) : wide;
  for (const node of graph.proto.node) node.input = node.input.map((name) => (name === input ? first : name));
  graph.proto.node.unshift(...added);
  simplify(model, { input, wide, first, type });
}

/** What reads the network's input and gives back something that there was before it. */
function simplify(
  model: ModelProto,
  {
    input,
    wide,
    first,
    type,
  }: { readonly input: string; readonly wide: string; readonly first: string; readonly type: DataType },
): void {
  for (;;) {
    const graph = new Graph(model);
    const undone = graph.proto.node.flatMap((node) => {
      const [from = ''] = node.input;
      const [output = ''] = node.output;
      if (graph.isOutput(output) || node.input.length !== 1) return [];
      const isImage = [input, wide, first].includes(from);
      if (isImage && node.opType === 'Identity') return [{ node, output, same: from }];
      if (from === first && first !== wide && isTranspose(node, TO_LAST)) return [{ node, output, same: wide }];
      if (from === wide && wide !== input && node.opType === 'Cast' && intAttr(node, 'to') === (type as number)) {
        return [{ node, output, same: input }];
      }
      return [];
    });
    if (undone.length === 0) break;
    const same = new Map(undone.map(({ output, same: name }) => [output, name]));
    for (const node of graph.proto.node) node.input = node.input.map((name) => same.get(name) ?? name);
    graph.proto.node = graph.proto.node.filter((node) => !undone.some((one) => one.node === node));
  }
  for (const name of [first, wide]) {
    const graph = new Graph(model);
    const made = graph.producer(name);
    if (made && graph.consumers(name).length === 0) graph.proto.node = graph.proto.node.filter((node) => node !== made);
  }
}

function isTranspose(node: NodeProto, perm: readonly number[]): boolean {
  return node.opType === 'Transpose' && intsAttr(node, 'perm', []).join() === perm.join();
}

/** A Cast to half precision behind every output, which keeps its name. */
function narrowAnswers(model: ModelProto): void {
  const graph = new Graph(model);
  for (const { name } of graph.outputs) {
    const wide = `${name}/float`;
    for (const node of graph.proto.node) {
      node.input = node.input.map((read) => (read === name ? wide : read));
      node.output = node.output.map((made) => (made === name ? wide : made));
    }
    const node = create(NodeProtoSchema, { name: `${name}/half`, opType: 'Cast', input: [wide], output: [name] });
    setAttr(node, 'to', DataType.FLOAT16);
    graph.proto.node.push(node);
  }
}
