import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  DataLocation,
  DataType,
  encodeModel,
  floatTensor,
  GraphBuilder,
  type GraphProto,
  intTensor,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  readTensor,
  StringStringEntryProtoSchema,
  valueInfo,
  vggStyle,
  writeTensor,
} from '@kneepoint/onnx';
import type { Outcome } from './outcome.ts';

export interface BadModel extends Outcome {
  readonly name: string;
  /** Writes the files into an empty folder; the path that is registered is m.onnx in it. */
  readonly write: (folder: string) => Promise<unknown>;
  /** What is registered beside name and path. */
  readonly input?: object;
}

export function goodModel(): ModelProto {
  return vggStyle({ widths: [2, 'pool', 3], size: 8, seed: 1, batchNorm: true });
}

const bytes =
  (make: () => Uint8Array | string) =>
  (folder: string): Promise<void> =>
    writeFile(join(folder, 'm.onnx'), make());

/** The good model with one thing wrong. */
const broken = (change: (graph: GraphProto, model: ModelProto) => void) =>
  bytes(() => {
    const model = goodModel();
    change(model.graph!, model);
    return toBinary(ModelProtoSchema, model);
  });

/** The good model with its first weight in another file. */
const external =
  (location: string, place: (folder: string, weight: Uint8Array) => Promise<unknown> = () => Promise.resolve()) =>
  async (folder: string): Promise<void> => {
    const model = goodModel();
    const tensor = model.graph!.initializer[0]!;
    const weight = Uint8Array.from(tensor.rawData);
    Reflect.deleteProperty(tensor, 'rawData');
    tensor.dataLocation = DataLocation.EXTERNAL;
    tensor.externalData = [create(StringStringEntryProtoSchema, { key: 'location', value: location })];
    await place(folder, weight);
    await writeFile(join(folder, 'm.onnx'), encodeModel(model));
  };

function withNaN(graph: GraphProto): void {
  const { dims, type, data } = readTensor(graph.initializer[0]!);
  const values = Float32Array.from(data as Float32Array);
  values[1] = NaN;
  graph.initializer[0] = writeTensor(graph.initializer[0]!.name, { dims, type, data: values });
}

/** A few kilobytes that a careless reader follows thousands of calls deep: a graph in a node in a graph. */
function matryoshka(depth: number): Uint8Array {
  const field = (number: number, body: Uint8Array): Buffer => {
    const head: number[] = [(number << 3) | 2];
    let length = body.length;
    for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
    return Buffer.concat([Uint8Array.from([...head, length]), body]);
  };
  let graph: Uint8Array = new Uint8Array();
  // GraphProto.node = 1, NodeProto.attribute = 5, AttributeProto.g = 6, ModelProto.graph = 7, ModelProto.ir_version = 1.
  for (let level = 0; level < depth; level++) graph = field(1, field(5, field(6, graph)));
  return Buffer.concat([Uint8Array.of(8, 8), field(7, graph)]);
}

/** A hundred bytes that ask the runtime for 4 TB. */
function hugeConstant(): ModelProto {
  const net = new GraphBuilder();
  const x = net.input('image', ['N', 3, 8, 8]);
  const shape = net.init(intTensor([1, 1, 1_000_000, 1_000_000]));
  const huge = net.node('ReduceMax', [net.node('ConstantOfShape', [shape])], { keepdims: 1 });
  net.output(net.node('Add', [net.conv(x, floatTensor([2, 3, 1, 1], [1, 2, 3, 4, 5, 6])), huge]));
  return net.build();
}

export const BAD_MODELS: readonly BadModel[] = [
  {
    name: 'no such file',
    write: () => Promise.resolve(),
    code: 'MODEL_FILE_MISSING',
    message: 'there is no such file',
    where: '<folder>/m.onnx',
  },
  {
    name: 'a folder',
    write: (folder) => mkdir(join(folder, 'm.onnx')),
    code: 'MODEL_FILE_UNREADABLE',
    message: 'this is a folder',
    where: '<folder>/m.onnx',
  },
  { name: 'no bytes', write: bytes(() => ''), code: 'MODEL_EMPTY', message: 'the model is 0 bytes long', where: null },
  {
    name: 'half a model',
    write: bytes(() => encodeModel(goodModel()).subarray(0, 300)),
    code: 'MODEL_TRUNCATED',
    message: 'the file ends 1454 bytes before the end of a field',
    where: 'byte 22 of 300',
  },
  {
    name: 'a PNG image',
    write: bytes(() => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)),
    code: 'MODEL_NOT_ONNX',
    message: 'found a field without a number where an ONNX field should be',
    where: 'byte 11 of 12',
  },
  {
    name: 'a web page',
    write: bytes(() => '<!DOCTYPE html><html><body>404</body></html>'),
    code: 'MODEL_NOT_ONNX',
    message: 'found wire type 4 where an ONNX field should be',
    where: 'byte 1 of 44',
  },
  {
    name: 'a graph that runs in a circle',
    write: broken((graph) => (graph.node[0]!.input[0] = 'relu1')),
    code: 'GRAPH_CYCLE',
    message: 'the node depends on its own output',
    where: 'node conv1 (Conv)',
  },
  {
    name: 'an input that nothing makes',
    write: broken((graph) => (graph.node[2]!.input[0] = 'ghost')),
    code: 'GRAPH_DANGLING_INPUT',
    message: 'value ghost is made by nothing',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'a value made by two nodes',
    write: broken((graph) => (graph.node[2]!.output[0] = 'conv1')),
    code: 'GRAPH_DUPLICATE_VALUE',
    message: 'value conv1 is made twice',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'an operator of an unknown domain',
    write: broken((graph) => (graph.node[2]!.domain = 'mycompany.ops')),
    code: 'GRAPH_UNKNOWN_DOMAIN',
    message: 'operator Relu is from the domain mycompany.ops',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'an operator that ONNX does not have',
    write: broken((graph) => (graph.node[2]!.opType = 'Sparkle')),
    code: 'RUNTIME_MODEL_REFUSED',
    message: "Sparkle is no operator of ONNX at the file's opset",
    where: 'operator Sparkle',
  },
  {
    name: 'a weight that claims 10^12 elements',
    write: broken((graph) => (graph.initializer[0]!.dims = [1_000_000n, 1_000_000n])),
    code: 'MODEL_TOO_LARGE',
    message: 'dimensions [1000000, 1000000] claim 1000000000000 elements; the limit is 4294967296',
    where: 'initializer conv1.weight',
  },
  {
    name: 'a weight that claims more than 10^12 elements',
    write: broken((graph) => (graph.initializer[0]!.dims = [1_000_001n, 1_000_000n])),
    code: 'MODEL_TOO_LARGE',
    message: 'dimensions [1000001, 1000000] claim 1000001000000 elements; the limit is 4294967296',
    where: 'initializer conv1.weight',
  },
  {
    name: 'an operator that makes 10^12 values',
    write: bytes(() => encodeModel(hugeConstant())),
    code: 'MODEL_TOO_LARGE',
    message: 'stored numbers ask for 1000000000000 elements that an operator makes; the limit is 536870912',
    where: 'node constantofshape1 (ConstantOfShape)',
  },
  {
    name: 'an image of 10^12 pixels',
    write: broken((graph) => (graph.input[0] = valueInfo('image', ['N', 3, 1_000_000, 1_000_000]))),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [N, 3, 1000000, 1000000]: 1000000 × 1000000 pixels are too many',
    where: 'input image',
  },
  {
    name: 'a negative dimension',
    write: broken((graph) => (graph.initializer[0]!.dims = [-2n, 3n, 3n, 3n])),
    code: 'TENSOR_BAD_DIMS',
    message: 'negative dimension in [-2, 3, 3, 3]',
    where: 'initializer conv1.weight',
  },
  {
    name: 'weights that do not fit their input',
    write: broken((graph) => (graph.initializer[0]!.dims = [3n, 2n, 3n, 3n])),
    code: 'RUNTIME_MODEL_REFUSED',
    message:
      'Node (bn1) Op (BatchNormalization) [ShapeInferenceError] Dimension mismatch in unification between 2 and 3',
    where: 'provider cpu',
  },
  {
    name: 'a weight that is not a number',
    write: broken(withNaN),
    code: 'WEIGHT_NOT_FINITE',
    message: 'element 1 of conv1.weight is NaN',
    where: 'node conv1 (Conv)',
  },
  {
    name: 'external data that climbs out of the folder',
    write: external('../secret', (folder, weight) => writeFile(join(folder, '../secret'), weight)),
    code: 'EXTERNAL_DATA_LOCATION',
    message: 'location "../secret" leads out of the folder',
    where: 'initializer conv1.weight',
  },
  {
    name: 'external data by an absolute path',
    write: external('/etc/hostname'),
    code: 'EXTERNAL_DATA_LOCATION',
    message: 'location "/etc/hostname" is absolute',
    where: 'initializer conv1.weight',
  },
  {
    name: 'external data by a link out of the folder',
    write: external('w.bin', async (folder, weight) => {
      await writeFile(join(folder, '../secret'), weight);
      await symlink('../secret', join(folder, 'w.bin'));
    }),
    code: 'EXTERNAL_DATA_LOCATION',
    message: 'a link leads out of the folder of the model',
    where: 'w.bin',
  },
  {
    name: 'external data that is not there',
    write: external('w.bin'),
    code: 'EXTERNAL_DATA_MISSING',
    message: 'there is no such file beside the model',
    where: 'w.bin',
  },
  {
    name: 'external data that is cut off',
    write: external('w.bin', (folder, weight) => writeFile(join(folder, 'w.bin'), weight.subarray(0, 7))),
    code: 'EXTERNAL_DATA_RANGE',
    message: 'bytes 0 to 216 were asked of a file of 7',
    where: 'w.bin',
  },
  {
    name: 'an input of two dimensions',
    write: broken((graph) => (graph.input[0] = valueInfo('image', ['N', 192]))),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [N, 192]: 2 dimensions instead of 4',
    where: 'input image',
  },
  {
    name: 'two image inputs',
    write: broken((graph) => {
      graph.input.push(valueInfo('mask', ['N', 1, 8, 8]));
      graph.node.push(create(NodeProtoSchema, { name: 'seen', opType: 'Relu', input: ['mask'], output: ['seen'] }));
      graph.output.push(valueInfo('seen', ['N', 1, 8, 8]));
    }),
    code: 'MODEL_INPUT_COUNT',
    message: 'the model has 2 inputs: image [N, 3, 8, 8], mask [N, 1, 8, 8]',
    where: 'graph inputs',
  },
  {
    name: 'an input of text',
    write: broken((graph) => (graph.input[0] = valueInfo('image', ['N', 3, 8, 8], DataType.STRING))),
    code: 'MODEL_INPUT_TYPE',
    message: 'input image takes STRING, not FLOAT',
    where: 'input image',
  },
  {
    name: 'graphs nested three thousand deep',
    write: bytes(() => matryoshka(3000)),
    code: 'MODEL_TOO_DEEP',
    message: 'graphs nested more than 8 levels deep',
    where: 'byte 102',
  },
  {
    name: 'a preprocessing file that is not JSON',
    write: async (folder) => {
      await writeFile(join(folder, 'm.onnx'), encodeModel(goodModel()));
      await writeFile(join(folder, 'm.preprocess.json'), '{"channels": rgb}');
    },
    code: 'PREPROCESS_INVALID',
    message: 'the file is not JSON: Unexpected token \'r\', "{"channels": rgb}" is not valid JSON',
    where: '<folder>/m.preprocess.json',
  },
  {
    name: 'colour preprocessing for a grey model',
    write: bytes(() => encodeModel(vggStyle({ widths: [2], size: 8, seed: 1, channels: 1 }))),
    input: { preprocess: { channels: 'rgb', range: [0, 1], mean: [0], std: [1] } },
    code: 'PREPROCESS_CHANNELS',
    message: 'the preprocessing says rgb, the model reads 1 channel(s)',
    where: 'preprocess.channels',
  },
];
