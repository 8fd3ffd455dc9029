import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { setAttr } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import { decodeModel, encodeModel } from './codec.ts';
import { inputSpec } from './input-spec.ts';
import type { ModelLimits } from './limits.ts';
import { vggStyle } from './models/vgg.ts';
import type { GraphProto, ModelProto } from './proto.ts';
import {
  DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TypeProtoSchema,
} from './proto.ts';
import { floatTensor, readTensor, writeTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { validateGraph } from './validate.ts';
import { valueInfo } from './value-info.ts';

const good = () => vggStyle({ widths: [2, 'pool', 3], size: 4, seed: 1, batchNorm: true });

const text = (value: string) => new TextEncoder().encode(value);
const bytesOf = (model: ModelProto) => toBinary(ModelProtoSchema, model);

/** The good model with one thing wrong. */
function broken(change: (graph: GraphProto, model: ModelProto) => void): ModelProto {
  const model = good();
  change(model.graph!, model);
  return model;
}

/** A graph whose only node holds a graph, and so on. */
function nested(depth: number): GraphProto {
  const graph = create(GraphProtoSchema, { name: `level ${depth}` });
  if (depth > 1) {
    const node = create(NodeProtoSchema, { opType: 'If' });
    setAttr(node, 'then_branch', { graph: nested(depth - 1) });
    graph.node.push(node);
  }
  return graph;
}

function nestedType(depth: number) {
  let type = valueInfo('x', [1]).type!;
  for (let i = 0; i < depth; i++) {
    type = create(TypeProtoSchema, { value: { case: 'sequenceType', value: { elemType: type } } });
  }
  return type;
}

const weight = (graph: GraphProto) => graph.initializer[0]!;

interface BadBytes {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  readonly limits?: Partial<ModelLimits>;
  readonly code: string;
  readonly message: string;
}

const BAD_BYTES: readonly BadBytes[] = [
  { name: 'no bytes', bytes: () => new Uint8Array(), code: 'MODEL_EMPTY', message: 'the model is 0 bytes long' },
  {
    name: 'a PNG image',
    bytes: () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
    code: 'MODEL_NOT_ONNX',
    message: 'found a field without a number where an ONNX field should be',
  },
  {
    name: 'a web page',
    bytes: () => text('<!DOCTYPE html><html><body>404 Not Found</body></html>'),
    code: 'MODEL_NOT_ONNX',
    message: 'found wire type 4 where an ONNX field should be',
  },
  {
    name: 'a zip archive (a PyTorch checkpoint)',
    bytes: () => Uint8Array.of(0x50, 0x4b, 0x03, 0x04, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0),
    code: 'MODEL_NOT_ONNX',
    message: 'found a field without a number where an ONNX field should be',
  },
  {
    name: 'JSON',
    bytes: () => text('{"model": "vgg"}'),
    code: 'MODEL_NOT_ONNX',
    message: 'found wire type 3 where an ONNX field should be',
  },
  {
    name: 'a git-lfs pointer',
    bytes: () => text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1'),
    code: 'MODEL_NOT_ONNX',
    message: 'found wire type 6 where an ONNX field should be',
  },
  {
    name: 'another protobuf message',
    bytes: () => toBinary(TypeProtoSchema, create(TypeProtoSchema, { denotation: 'IMAGE' })),
    code: 'MODEL_NOT_ONNX',
    message: 'found neither a format version nor a graph',
  },
  {
    name: 'half a model',
    bytes: () => encodeModel(good()).subarray(0, 300),
    code: 'MODEL_TRUNCATED',
    message: 'the file ends 1454 bytes before the end of a field',
  },
  {
    name: 'a header without a graph',
    bytes: () => bytesOf(create(ModelProtoSchema, { irVersion: 8n })),
    code: 'MODEL_NO_GRAPH',
    message: 'the model has a header but no graph',
  },
  {
    name: 'a graph without a format version',
    bytes: () => bytesOf(create(ModelProtoSchema, { graph: {}, opsetImport: [{ version: 17n }] })),
    code: 'MODEL_NO_IR_VERSION',
    message: 'ir_version is missing',
  },
  {
    name: 'no operator version',
    bytes: () => encodeModel(broken((_graph, model) => (model.opsetImport = []))),
    code: 'MODEL_NO_OPSET',
    message: 'opset_import is empty',
  },
  {
    name: 'a negative dimension',
    bytes: () => encodeModel(broken((graph) => (weight(graph).dims = [-2n, 3n]))),
    code: 'TENSOR_BAD_DIMS',
    message: 'negative dimension in [-2, 3]',
  },
  {
    name: 'a hundred dimensions',
    bytes: () => encodeModel(broken((graph) => (weight(graph).dims = Array<bigint>(100).fill(1n)))),
    code: 'TENSOR_BAD_DIMS',
    message: '100 dimensions; the limit is 64',
  },
  {
    name: 'dimensions whose product is more than any file holds',
    bytes: () => encodeModel(broken((graph) => (weight(graph).dims = [2n ** 16n, 2n ** 16n, 2n]))),
    code: 'MODEL_TOO_LARGE',
    message: 'dimensions [65536, 65536, 2] claim 8589934592 elements; the limit is 4294967296',
  },
  {
    name: 'a dimension that leaves 64 bits when it is multiplied, beside one of 0',
    bytes: () => encodeModel(broken((graph) => (weight(graph).dims = [0n, 2n ** 31n]))),
    code: 'TENSOR_BAD_DIMS',
    message: 'a dimension above 2147483647 in [0, 2147483648]',
  },
  {
    name: 'an input that is declared beyond 64 bits',
    bytes: () => bytesOf(broken((graph) => (graph.input[0] = valueInfo('image', [1, 3, 2 ** 31, 4])))),
    code: 'TENSOR_BAD_DIMS',
    message: 'a dimension of 2147483648 is declared; the limit is 2147483647',
  },
  {
    name: 'texts that are not there',
    bytes: () =>
      encodeModel(
        broken((graph) =>
          graph.initializer.push(create(TensorProtoSchema, { name: 't', dataType: DataType.STRING, dims: [1000n] })),
        ),
      ),
    code: 'TENSOR_SIZE_MISMATCH',
    message: 'dimensions [1000] of STRING need 1000 elements or more, found 0',
  },
  {
    name: 'numbers of a type of tomorrow that are not there',
    bytes: () =>
      encodeModel(
        broken((graph) =>
          graph.initializer.push(create(TensorProtoSchema, { name: 't', dataType: 99, dims: [1000n] })),
        ),
      ),
    code: 'TENSOR_SIZE_MISMATCH',
    message: 'dimensions [1000] of type 99 need 125 elements or more, found 0',
  },
  {
    name: 'a name longer than allowed',
    bytes: () => encodeModel(broken((graph) => (graph.node[0]!.name = 'n'.repeat(65_537)))),
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 65537 bytes in a name or more; the limit is 65536',
  },
  {
    name: 'metadata longer than allowed',
    bytes: () =>
      encodeModel(
        broken((_graph, model) =>
          model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'k', value: 'v'.repeat(20_000) })),
        ),
      ),
    limits: { textBytes: 19_999 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 20000 bytes in a text or more; the limit is 19999',
  },
  {
    name: 'dimensions that the bytes do not fill',
    bytes: () => encodeModel(broken((graph) => (weight(graph).dims = [1000n, 1000n]))),
    code: 'TENSOR_SIZE_MISMATCH',
    message: 'dimensions [1000, 1000] of FLOAT need 4000000 bytes, found 216',
  },
  {
    name: 'dimensions without any values',
    bytes: () =>
      encodeModel(
        broken(
          (graph) =>
            (graph.initializer[0] = create(TensorProtoSchema, {
              name: 'w',
              dataType: 1,
              dims: [10n ** 4n, 10n ** 5n],
            })),
        ),
      ),
    code: 'TENSOR_SIZE_MISMATCH',
    message: 'dimensions [10000, 100000] of FLOAT need 1000000000 elements, found 0',
  },
  {
    name: 'a bad tensor inside an attribute of a nested graph',
    bytes: () =>
      encodeModel(
        broken((graph) => {
          const inner = create(NodeProtoSchema, { name: 'c', opType: 'Constant' });
          setAttr(inner, 'value', { tensor: create(TensorProtoSchema, { dataType: DataType.INT64, dims: [-1n] }) });
          setAttr(graph.node[0]!, 'body', { graph: create(GraphProtoSchema, { node: [inner] }) });
        }),
      ),
    code: 'TENSOR_BAD_DIMS',
    message: 'negative dimension in [-1]',
  },
  {
    name: 'graphs nested too deep',
    bytes: () => bytesOf(create(ModelProtoSchema, { irVersion: 8n, graph: nested(9) })),
    code: 'MODEL_TOO_DEEP',
    message: 'graphs nested more than 8 levels deep',
  },
  {
    name: 'types nested too deep',
    bytes: () => bytesOf(broken((graph) => (graph.input[0]!.type = nestedType(40)))),
    code: 'MODEL_TOO_DEEP',
    message: 'messages nested more than 64 levels deep',
  },
  {
    name: 'more nodes than allowed',
    bytes: () => encodeModel(good()),
    limits: { nodes: 5 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 6 nodes or more; the limit is 5',
  },
  {
    name: 'more tensors than allowed',
    bytes: () => encodeModel(good()),
    limits: { tensors: 3 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 4 tensors or more; the limit is 3',
  },
  {
    name: 'more bytes than allowed',
    bytes: () => encodeModel(good()),
    limits: { bytes: 100 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 1754 bytes or more; the limit is 100',
  },
  {
    name: 'more fields than allowed',
    bytes: () => encodeModel(good()),
    limits: { fields: 20 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 21 fields or more; the limit is 20',
  },
  {
    name: 'a packed list of a million small integers where a thousand are allowed',
    bytes: () =>
      encodeModel(
        broken((graph) =>
          graph.initializer.push(create(TensorProtoSchema, { int64Data: Array<bigint>(1e6).fill(0n) })),
        ),
      ),
    limits: { numbers: 1000 },
    code: 'MODEL_TOO_LARGE',
    message: 'the model has 4000156 numbers or more; the limit is 1000',
  },
];

describe('decodeModel refuses', () => {
  it.each(BAD_BYTES)('$name', ({ bytes, limits, code, message }) => {
    expect(failureOf(() => decodeModel(bytes(), limits))).toMatchObject({ code, message });
  });
});

interface BadGraph {
  readonly name: string;
  readonly change: (graph: GraphProto, model: ModelProto) => void;
  readonly code: string;
  readonly message: string;
  readonly where: string;
}

const poison = (name: string, value: number) => (graph: GraphProto) => {
  const index = graph.initializer.findIndex((tensor) => tensor.name === name);
  const { dims, type, data } = readTensor(graph.initializer[index]!);
  const values = Float32Array.from(data as Float32Array);
  values[1] = value;
  graph.initializer[index] = writeTensor(name, { dims, type, data: values });
};

const BAD_GRAPHS: readonly BadGraph[] = [
  {
    name: 'a weight without a number',
    change: (graph) => {
      weight(graph).dims = [0n];
      weight(graph).rawData = new Uint8Array(0);
    },
    code: 'TENSOR_BAD_DIMS',
    message: 'conv1.weight has dimensions [0], and so not one number',
    where: 'node conv1 (Conv)',
  },
  {
    name: 'a circle',
    change: (graph) => (graph.node[0]!.input[0] = 'relu1'),
    code: 'GRAPH_CYCLE',
    message: 'the node depends on its own output',
    where: 'node conv1 (Conv)',
  },
  {
    name: 'an input that nothing makes',
    change: (graph) => (graph.node[2]!.input[0] = 'ghost'),
    code: 'GRAPH_DANGLING_INPUT',
    message: 'value ghost is made by nothing',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'an output that nothing makes',
    change: (graph) => graph.output.push(valueInfo('ghost')),
    code: 'GRAPH_DANGLING_INPUT',
    message: 'value ghost is made by nothing',
    where: 'output ghost',
  },
  {
    name: 'no output',
    change: (graph) => (graph.output = []),
    code: 'GRAPH_NO_OUTPUT',
    message: 'the graph has no output',
    where: 'graph outputs',
  },
  {
    name: 'a value made by two nodes',
    change: (graph) => (graph.node[2]!.output[0] = 'conv1'),
    code: 'GRAPH_DUPLICATE_VALUE',
    message: 'value conv1 is made twice',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'two weights of one name',
    change: (graph) => graph.initializer.push(weight(graph)),
    code: 'GRAPH_DUPLICATE_VALUE',
    message: 'value conv1.weight is made twice',
    where: 'initializer conv1.weight',
  },
  {
    name: 'a custom operator',
    change: (graph) => (graph.node[2]!.domain = 'mycompany.ops'),
    code: 'GRAPH_UNKNOWN_DOMAIN',
    message: 'operator Relu is from the domain mycompany.ops',
    where: 'node relu1 (Relu)',
  },
  {
    name: 'operators of another domain alone',
    change: (_graph, model) => (model.opsetImport[0]!.domain = 'ai.onnx.ml'),
    code: 'MODEL_NO_OPSET',
    message: 'opset_import names only ai.onnx.ml',
    where: 'opset_import',
  },
  {
    name: 'a sparse weight',
    change: (graph) =>
      graph.sparseInitializer.push(
        create(SparseTensorProtoSchema, { values: writeTensor('s', floatTensor([1], [1])), dims: [4n] }),
      ),
    code: 'GRAPH_SPARSE_WEIGHTS',
    message: 'the weight is a sparse tensor',
    where: 'initializer s',
  },
  {
    name: 'a weight that is not a number',
    change: poison('conv1.weight', NaN),
    code: 'WEIGHT_NOT_FINITE',
    message: 'element 1 of conv1.weight is NaN',
    where: 'node conv1 (Conv)',
  },
  {
    name: 'an infinite running variance',
    change: poison('bn1.var', Infinity),
    code: 'WEIGHT_NOT_FINITE',
    message: 'element 1 of bn1.var is Infinity',
    where: 'node bn1 (BatchNormalization)',
  },
];

describe('validateGraph refuses', () => {
  it('a bias added as arithmetic that is not a number', () => {
    const net = new GraphBuilder();
    net.output(net.node('Add', [net.input('image', ['N', 3, 2, 2]), net.init(floatTensor([2], [0, NaN]), 'bias')]));
    expect(failureOf(() => validateGraph(net.build()))).toEqual({
      code: 'WEIGHT_NOT_FINITE',
      message: 'element 1 of bias is NaN',
      where: 'node add1 (Add)',
    });
  });

  it.each(BAD_GRAPHS)('$name', ({ change, code, message, where }) => {
    expect(failureOf(() => validateGraph(broken(change)))).toEqual({ code, message, where });
  });
});

describe('validateGraph accepts', () => {
  it('the good model, operators of com.microsoft, an infinite mask and an If', () => {
    validateGraph(good());
    validateGraph(broken((graph) => (graph.node[2]!.domain = 'com.microsoft')));
    const net = new GraphBuilder();
    const x = net.input('image', ['N', 3, 2, 2]);
    const masked = net.node('Add', [x, net.init(floatTensor([2], [0, -Infinity]))]);
    const branch = create(GraphProtoSchema, { output: [valueInfo(masked)] });
    net.output(
      net.node('If', [net.input('flag', [], DataType.BOOL)], {
        then_branch: { graph: branch },
        else_branch: { graph: branch },
      }),
    );
    validateGraph(net.build());
  });
});

const BAD_INPUTS: readonly BadGraph[] = [
  {
    name: 'a flat input',
    change: (graph) => (graph.input[0] = valueInfo('image', ['N', 784])),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [N, 784]: 2 dimensions instead of 4',
    where: 'input image',
  },
  {
    name: 'channels last',
    change: (graph) => (graph.input[0] = valueInfo('image', [1, 224, 224, 3])),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [1, 224, 224, 3]: the channels come last',
    where: 'input image',
  },
  {
    name: 'five channels',
    change: (graph) => (graph.input[0] = valueInfo('image', [1, 5, 8, 8])),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [1, 5, 8, 8]: 5 channels',
    where: 'input image',
  },
  {
    name: 'a size that is free',
    change: (graph) => (graph.input[0] = valueInfo('image', ['N', 3, 'h', undefined])),
    code: 'MODEL_INPUT_SHAPE',
    message: 'input image has shape [N, 3, h, ?]: height or width is not fixed',
    where: 'input image',
  },
  {
    name: 'bytes instead of floats',
    change: (graph) => (graph.input[0] = valueInfo('image', [1, 3, 8, 8], DataType.UINT8)),
    code: 'MODEL_INPUT_TYPE',
    message: 'input image takes UINT8, not FLOAT',
    where: 'input image',
  },
  {
    name: 'a sequence',
    change: (graph) => (graph.input[0]!.type = nestedType(1)),
    code: 'MODEL_INPUT_TYPE',
    message: 'input image takes sequenceType, not FLOAT',
    where: 'input image',
  },
  {
    name: 'two inputs',
    change: (graph) => graph.input.push(valueInfo('mask', ['N', 1])),
    code: 'MODEL_INPUT_COUNT',
    message: 'the model has 2 inputs: image [N, 3, 4, 4], mask [N, 1]',
    where: 'graph inputs',
  },
  {
    name: 'no input',
    change: (graph) => (graph.input = []),
    code: 'MODEL_INPUT_COUNT',
    message: 'the model has no input',
    where: 'graph inputs',
  },
];

describe('inputSpec refuses', () => {
  it.each(BAD_INPUTS)('$name', ({ change, code, message, where }) => {
    expect(failureOf(() => inputSpec(broken(change)))).toEqual({ code, message, where });
  });
});

describe('inputSpec', () => {
  it('describes the image input, a fixed batch and a free one', () => {
    const spec = { name: 'image', elemType: DataType.FLOAT, channels: 3, height: 4, width: 4, layout: 'NCHW' };
    expect(inputSpec(good())).toEqual({ ...spec, batch: 'free' });
    const five = broken((graph) => (graph.input[0] = valueInfo('image', [5, 3, 4, 4])));
    expect(inputSpec(five)).toEqual({ ...spec, batch: 5 });
  });
});
