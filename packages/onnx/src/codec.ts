import { fromBinary, isFieldSet, toBinary } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import { byteLengthOf, dataTypeName, STORAGE } from './data-type.ts';
import type { ModelLimits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { GraphProto, ModelProto, TensorProto } from './proto.ts';
import { DataLocation, DataType, GraphProtoSchema, ModelProtoSchema, TensorProtoSchema } from './proto.ts';
import { elementCount } from './tensor.ts';
import type { TensorSite } from './walk.ts';
import { allGraphs, allTensors } from './walk.ts';
import { scanModel } from './wire-scan.ts';

/**
 * An ONNX file as messages. The bytes are bounded before anything is built from them; weights stay views into `bytes`, which
 * must not change afterwards. Throws MODEL_EMPTY, MODEL_NOT_ONNX, MODEL_TRUNCATED, MODEL_TOO_LARGE, MODEL_TOO_DEEP,
 * MODEL_NO_GRAPH, MODEL_NO_IR_VERSION, MODEL_NO_OPSET, TENSOR_BAD_DIMS, TENSOR_SIZE_MISMATCH.
 */
export function decodeModel(bytes: Uint8Array, limits: Partial<ModelLimits> = {}): ModelProto {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  if (bytes.byteLength === 0) throw new Failure('MODEL_EMPTY', 'the model is 0 bytes long');
  // A Buffer's slices behave unlike a Uint8Array's; everything after this line sees the plain kind.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  scanModel(plain, bounds);
  const model = parse(plain);
  requireHeader(model);
  for (const site of allTensors(model)) checkTensor(site, bounds);
  for (const graph of allGraphs(model.graph)) checkDeclared(graph, bounds);
  return model;
}

/**
 * The model as an ONNX file. Weights are copied once, straight into the result, so the peak is about the size of the file on
 * top of the model. Unknown fields survive. Throws MODEL_TOO_LARGE_TO_WRITE above protobuf's 2 GB.
 */
export function encodeModel(model: ModelProto): Uint8Array {
  if (!model.graph) throw new Failure('MODEL_NO_GRAPH', 'the model has no graph to write');
  const shell = toBinary(ModelProtoSchema, without(model, 'graph'));
  const graph = toBinary(GraphProtoSchema, withoutWeights(model.graph));
  const tensors = model.graph.initializer.map(tensorParts);
  const graphLength = graph.byteLength + tensors.reduce((sum, part) => sum + framed(part.length), 0);
  const total = shell.byteLength + framed(graphLength);
  if (total >= 2 ** 31) {
    throw new Failure('MODEL_TOO_LARGE_TO_WRITE', `the model takes ${total} bytes; protobuf ends at ${2 ** 31 - 1}`);
  }
  const writer = new Writer(total);
  writer.put(shell);
  writer.frame(MODEL_GRAPH, graphLength);
  writer.put(graph);
  for (const { head, raw, length } of tensors) {
    writer.frame(GRAPH_INITIALIZER, length);
    writer.put(head);
    if (!raw) continue;
    writer.frame(TENSOR_RAW, raw.byteLength);
    writer.put(raw);
  }
  return writer.bytes;
}

/** A copy of the model that can be changed without touching the original. Weights stay shared: replace them, never write into them. */
export function cloneModel(model: ModelProto): ModelProto {
  if (!model.graph) throw new Failure('MODEL_NO_GRAPH', 'the model has no graph to copy');
  const copy = fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, without(model, 'graph')));
  const graph = fromBinary(GraphProtoSchema, toBinary(GraphProtoSchema, withoutWeights(model.graph)));
  graph.initializer = model.graph.initializer.map((tensor) => {
    const { head, raw } = tensorParts(tensor);
    const twin = fromBinary(TensorProtoSchema, head);
    if (raw) twin.rawData = raw;
    return twin;
  });
  copy.graph = graph;
  return copy;
}

const MODEL_GRAPH = tagOf(ModelProtoSchema.field.graph.number);
const GRAPH_INITIALIZER = tagOf(GraphProtoSchema.field.initializer.number);
const TENSOR_RAW = tagOf(TensorProtoSchema.field.rawData.number);

interface TensorParts {
  /** Everything of the tensor but raw_data. */
  readonly head: Uint8Array;
  readonly raw: TensorProto['rawData'] | undefined;
  readonly length: number;
}

function tensorParts(tensor: TensorProto): TensorParts {
  const raw = isFieldSet(tensor, TensorProtoSchema.field.rawData) ? tensor.rawData : undefined;
  const head = toBinary(TensorProtoSchema, without(tensor, 'rawData'));
  return { head, raw, length: head.byteLength + (raw ? framed(raw.byteLength) : 0) };
}

/** A shallow copy of a message with one field unset; what the fields hold stays shared. */
function without<M extends object>(message: M, field: keyof M): M {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object) as M, message);
  Reflect.deleteProperty(copy, field);
  return copy;
}

function withoutWeights(graph: GraphProto): GraphProto {
  return Object.assign(without(graph, 'initializer'), { initializer: [] });
}

function tagOf(field: number): number {
  return (field << 3) | 2;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Bytes of a length-delimited field with a one-byte tag. */
function framed(length: number): number {
  return 1 + varintLength(length) + length;
}

class Writer {
  readonly bytes: Uint8Array;
  private pos = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  put(chunk: Uint8Array): void {
    this.bytes.set(chunk, this.pos);
    this.pos += chunk.byteLength;
  }

  frame(tag: number, length: number): void {
    this.bytes[this.pos++] = tag;
    let rest = length;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.bytes[this.pos++] = (rest % 128) | 0x80;
    this.bytes[this.pos++] = rest;
  }
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new Failure('MODEL_NOT_ONNX', `the bytes do not decode as an ONNX model: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function requireHeader(model: ModelProto): asserts model is ModelProto & { graph: GraphProto } {
  const hasVersion = isFieldSet(model, ModelProtoSchema.field.irVersion);
  if (!model.graph) {
    if (!hasVersion) throw new Failure('MODEL_NOT_ONNX', 'found neither a format version nor a graph');
    throw new Failure('MODEL_NO_GRAPH', 'the model has a header but no graph', {
      fix: 'export the model with its graph',
    });
  }
  if (!hasVersion || model.irVersion < 1n) {
    throw new Failure('MODEL_NO_IR_VERSION', 'ir_version is missing', { fix: 'set ir_version, for example 8' });
  }
  // Version 1 and 2 of the format had no opset_import and meant opset 1.
  if (model.opsetImport.length === 0 && model.irVersion >= 3n) {
    throw new Failure('MODEL_NO_OPSET', 'opset_import is empty', {
      fix: 'import the default domain, for example version 17',
    });
  }
}

function checkTensor({ tensor, where }: TensorSite, limits: ModelLimits): void {
  const shown = tensor.dims.slice(0, 8).join(', ');
  if (tensor.dims.length > limits.rank) {
    throw new Failure('TENSOR_BAD_DIMS', `${tensor.dims.length} dimensions; the limit is ${limits.rank}`, { where });
  }
  if (tensor.dims.some((dim) => dim < 0n))
    throw new Failure('TENSOR_BAD_DIMS', `negative dimension in [${shown}]`, { where });
  // One of 0 beside it would hide it from the product.
  if (tensor.dims.some((dim) => dim > limits.dimension))
    throw new Failure('TENSOR_BAD_DIMS', `a dimension above ${limits.dimension} in [${shown}]`, { where });
  const count = elementCount(tensor.dims.map(Number));
  if (count > limits.elements) {
    throw new Failure(
      'MODEL_TOO_LARGE',
      `dimensions [${shown}] claim ${count} elements; the limit is ${limits.elements}`,
      { where },
    );
  }
  if (tensor.dataLocation === DataLocation.EXTERNAL) return;
  const mismatch = (needed: string, found: number) =>
    new Failure(
      'TENSOR_SIZE_MISMATCH',
      `dimensions [${shown}] of ${dataTypeName(tensor.dataType)} need ${needed}, found ${found}`,
      { where },
    );
  if (isFieldSet(tensor, TensorProtoSchema.field.rawData)) {
    const expected = byteLengthOf(tensor.dataType, count);
    if (expected === undefined ? tensor.rawData.byteLength >= count / 8 : tensor.rawData.byteLength === expected)
      return;
    throw mismatch(`${expected ?? Math.ceil(count / 8)} bytes`, tensor.rawData.byteLength);
  }
  // Types without a storage of their own pack several numbers into one or one into several.
  const listed = listedElements(tensor);
  if (STORAGE.has(tensor.dataType) && listed !== count) throw mismatch(`${count} elements`, listed);
  // A runtime makes a text for each that is claimed, and room for whatever type it does not know.
  const texts = tensor.dataType === (DataType.STRING as number);
  const fewest = texts ? count : Math.ceil(count / 8);
  const found = texts ? tensor.stringData.length : listed;
  if (found < fewest) throw mismatch(`${fewest} elements or more`, found);
}

/** Declared shapes are computed with, too. Some exporters write −1 for a free axis. */
function checkDeclared({ input, output, valueInfo }: GraphProto, { dimension }: ModelLimits): void {
  for (const value of [...input, ...output, ...valueInfo]) {
    const type = value.type?.value;
    if (type?.case !== 'tensorType') continue;
    for (const { value: dim } of type.value.shape?.dim ?? []) {
      if (dim.case !== 'dimValue' || (dim.value <= dimension && dim.value >= -dimension)) continue;
      throw new Failure('TENSOR_BAD_DIMS', `a dimension of ${dim.value} is declared; the limit is ${dimension}`, {
        where: `value ${value.name}`,
      });
    }
  }
}

function listedElements(tensor: TensorProto): number {
  const { floatData, int32Data, int64Data, doubleData, uint64Data } = tensor;
  return floatData.length + int32Data.length + int64Data.length + doubleData.length + uint64Data.length;
}
