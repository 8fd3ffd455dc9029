import { create } from '@bufbuild/protobuf';
import { decodeModel, encodeModel, Graph, type ModelProto, ModelProtoSchema } from '@kneepoint/onnx';

/**
 * Values that stand between a Pad and a maximum over windows. ONNX Runtime 1.30 and 1.31 make one maximum of the two, which pads by itself with
 * −∞ where Pad has put zeros: wherever responses are below 0 its answer is another (PadFusion, from basic optimization on; 1.32 does
 * not). A value that is an output of the graph stays what it is.
 */
function paddedMaxima(model: ModelProto): readonly string[] {
  const graph = new Graph(model);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return model
    .graph!.node.filter(({ opType }) => opType === 'MaxPool')
    .map(({ input }) => input[0]!)
    .filter((value) => graph.producer(value)?.opType === 'Pad' && !outputs.has(value));
}

/** The bytes of a model in which such values are outputs too, and these values. Bytes that are no model are left to the runtime to refuse. */
export function keepPadding(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly added: ReadonlySet<string> } {
  const none = { bytes, added: new Set<string>() };
  // Most networks have no such pair, and need not be decoded for that.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.includes('MaxPool') || !text.includes('\u0003Pad')) return none;
  let names: readonly string[];
  try {
    names = paddedMaxima(decodeModel(bytes));
  } catch {
    return none;
  }
  if (names.length === 0) return none;
  const added = new Set(names);
  // Messages of protobuf that follow each other are one: lists are joined.
  const more = create(ModelProtoSchema, { graph: { output: [...added].map((name) => ({ name })) } });
  return { bytes: Buffer.concat([bytes, encodeModel(more)]), added };
}
