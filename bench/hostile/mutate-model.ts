import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeType,
  AttributeProtoSchema,
  DataLocation,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  setAttr,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  valueInfo,
} from '@kneepoint/onnx';
import type { Draw } from './draw.ts';

type Mutator = (graph: GraphProto, draw: Draw, model: ModelProto) => void;

/** Numbers that stand at an edge of something. */
const INTEGERS = [0n, 1n, -1n, 2n, 3n, 7n, 64n, 255n, 1000n, 65_536n, 2n ** 31n - 1n, 2n ** 31n, -(2n ** 31n)] as const;
const HUGE = [2n ** 32n, 2n ** 40n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)] as const;
const FLOATS = [0, -0, 1, -1, 1e-45, 3.4e38, Infinity, -Infinity, NaN, 0.5, 1e9] as const;
const NAMES = [
  '',
  'x',
  'image',
  '../x',
  '\u0000',
  'ö'.repeat(40),
  'a'.repeat(5000),
  '__proto__',
  'constructor',
] as const;
const OPERATORS = (
  'Abs Add And ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv ConvTranspose CumSum DepthToSpace ' +
  'DequantizeLinear Div Dropout Einsum Equal Erf Exp Expand EyeLike Flatten Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool ' +
  'GridSample GroupNormalization HardSigmoid Identity If InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax Loop LpNormalization ' +
  'MatMul Max MaxPool Mean Mod Mul Neg NonZero OneHot PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceMean ReduceSum Relu Reshape Resize ' +
  'ReverseSequence RoiAlign ScatterElements ScatterND SequenceEmpty Shape Sigmoid Size Slice Softmax SpaceToDepth Split Sqrt Squeeze Sub Sum Tile TopK ' +
  'Transpose Trilu Unsqueeze Upsample Where Xor NoSuchOperator'
).split(' ');

const integer = (draw: Draw): bigint => (draw.chance(0.8) ? draw.one(INTEGERS) : draw.one(HUGE));

function some<T>(items: readonly T[], draw: Draw, act: (item: T, index: number) => void): void {
  if (items.length === 0) return;
  const index = draw.below(items.length);
  act(items[index]!, index);
}

/** Every name of a value in a graph. */
const values = (graph: GraphProto): string[] => [
  ...graph.input.map(({ name }) => name),
  ...graph.initializer.map(({ name }) => name),
  ...graph.node.flatMap(({ output }) => output),
];

const node = (act: (node: NodeProto, draw: Draw, graph: GraphProto) => void): Mutator => {
  return (graph, draw) => some(graph.node, draw, (one) => act(one, draw, graph));
};

/** What can be wrong in a graph, each a way of its own. */
export const MUTATORS: Readonly<Record<string, Mutator>> = {
  dropNode: (graph, draw) => some(graph.node, draw, (_node, i) => graph.node.splice(i, 1)),
  repeatNode: (graph, draw) => some(graph.node, draw, (one, i) => graph.node.splice(i, 0, one)),
  moveNode: (graph, draw) =>
    some(graph.node, draw, (one, i) => {
      graph.node.splice(i, 1);
      graph.node.splice(draw.below(graph.node.length + 1), 0, one);
    }),
  otherOperator: node((one, draw) => (one.opType = draw.one(OPERATORS))),
  otherDomain: node(
    (one, draw) => (one.domain = draw.one(['ai.onnx', 'com.microsoft', 'ai.onnx.ml', 'x', 'a'.repeat(300)])),
  ),
  otherName: node((one, draw) => (one.name = draw.one(NAMES))),
  rewire: node((one, draw, graph) =>
    some(one.input, draw, (_value, i) => (one.input[i] = draw.one([...values(graph), ...NAMES]))),
  ),
  renameOutput: node((one, draw, graph) =>
    some(one.output, draw, (_value, i) => (one.output[i] = draw.one([...values(graph), ...NAMES]))),
  ),
  dropInput: node((one, draw) => one.input.splice(draw.below(one.input.length + 1), 1)),
  addInput: node((one, draw, graph) => one.input.push(draw.one([...values(graph), '']))),
  addOutput: node((one, draw) => one.output.push(draw.one(NAMES))),
  dropAttribute: node((one, draw) => one.attribute.splice(draw.below(one.attribute.length + 1), 1)),
  repeatAttribute: node((one, draw) => some(one.attribute, draw, (attribute) => one.attribute.push(attribute))),
  attributeNumber: node((one, draw) =>
    some(one.attribute, draw, (attribute) => {
      attribute.i = integer(draw);
      attribute.f = draw.one(FLOATS);
      some(attribute.ints, draw, (_int, i) => (attribute.ints[i] = integer(draw)));
      some(attribute.floats, draw, (_float, i) => (attribute.floats[i] = draw.one(FLOATS)));
    }),
  ),
  attributeLength: node((one, draw) =>
    some(one.attribute, draw, (attribute) => {
      if (draw.chance(0.5)) attribute.ints.pop();
      else attribute.ints.push(...Array.from({ length: draw.one([1, 2, 70, 5000]) }, () => integer(draw)));
    }),
  ),
  attributeType: node((one, draw) =>
    some(one.attribute, draw, (attribute) => (attribute.type = draw.below(16) as AttributeType)),
  ),
  attributeText: node((one, draw) =>
    some(one.attribute, draw, (attribute) => {
      attribute.s = Buffer.from(draw.one([...NAMES, 'SAME_UPPER', 'VALID', 'linear', 'cubic', 'reflect', '(((']));
      attribute.type = draw.chance(0.5) ? AttributeType.STRING : attribute.type;
    }),
  ),
  strayAttribute: node((one, draw) => {
    const name = draw.one([
      'axis',
      'axes',
      'pads',
      'strides',
      'group',
      'to',
      'shape',
      'mode',
      'kernel_shape',
      'value',
      'body',
    ]);
    const attribute = create(AttributeProtoSchema, { name, type: AttributeType.INTS });
    attribute.ints.push(...Array.from({ length: draw.below(9) }, () => integer(draw)));
    one.attribute.push(attribute);
  }),
  weightDims: (graph, draw) =>
    some(graph.initializer, draw, (tensor) => some(tensor.dims, draw, (_dim, i) => (tensor.dims[i] = integer(draw)))),
  weightDimsSwapped: (graph, draw) => some(graph.initializer, draw, (tensor) => tensor.dims.reverse()),
  weightRank: (graph, draw) =>
    some(graph.initializer, draw, (tensor) => {
      if (draw.chance(0.5)) tensor.dims.pop();
      else for (let i = draw.one([1, 4, 60, 70]); i > 0; i -= 1) tensor.dims.push(1n);
    }),
  weightType: (graph, draw) => some(graph.initializer, draw, (tensor) => (tensor.dataType = draw.below(26))),
  weightBytes: (graph, draw) =>
    some(graph.initializer, draw, (tensor) => (tensor.rawData = tensor.rawData.slice(draw.below(9)))),
  weightNumbers: (graph, draw) =>
    some(graph.initializer, draw, (tensor) => {
      const raw = Buffer.from(tensor.rawData);
      for (let at = 4 * draw.below(4); at + 4 <= raw.length; at += 4 * (1 + draw.below(8)))
        raw.writeFloatLE(draw.one(FLOATS), at);
      tensor.rawData = new Uint8Array(raw);
    }),
  weightIntegers: (graph, draw) => {
    // Small tensors of 64-bit integers are shapes, pads, sizes and indices.
    const shapes = graph.initializer.filter(({ dataType }) => dataType === 7);
    some(shapes, draw, (tensor) => {
      const raw = Buffer.from(tensor.rawData);
      if (raw.length >= 8) raw.writeBigInt64LE(integer(draw), 8 * draw.below(Math.floor(raw.length / 8)));
      tensor.rawData = new Uint8Array(raw);
      some(tensor.int64Data, draw, (_int, i) => (tensor.int64Data[i] = integer(draw)));
    });
  },
  weightElsewhere: (graph, draw) =>
    some(graph.initializer, draw, (tensor) => {
      tensor.dataLocation = DataLocation.EXTERNAL;
      const location = draw.one([
        'weights.bin',
        '../weights.bin',
        '/etc/hostname',
        '..\\x',
        'a/../../x',
        '',
        'model.onnx',
        '.',
      ]);
      tensor.externalData = [
        create(StringStringEntryProtoSchema, { key: 'location', value: location }),
        create(StringStringEntryProtoSchema, {
          key: 'offset',
          value: draw.one(['0', '-1', '99999999999', 'x', '1e3']),
        }),
      ];
    }),
  weightName: (graph, draw) => some(graph.initializer, draw, (tensor) => (tensor.name = draw.one(NAMES))),
  dropWeight: (graph, draw) => some(graph.initializer, draw, (_tensor, i) => graph.initializer.splice(i, 1)),
  repeatWeight: (graph, draw) => some(graph.initializer, draw, (tensor) => graph.initializer.push(tensor)),
  emptyWeight: (graph, draw) =>
    some(graph.initializer, draw, (tensor, i) => {
      graph.initializer[i] = create(TensorProtoSchema, { name: tensor.name, dataType: tensor.dataType, dims: [0n] });
    }),
  inputDims: (graph, draw) =>
    some(graph.input, draw, (input) => {
      const dims = Array.from({ length: draw.below(6) }, () => (draw.chance(0.7) ? draw.one([1, 3, 4, 16, 33]) : 'N'));
      Object.assign(input, valueInfo(input.name, dims, draw.chance(0.8) ? 1 : draw.below(20)));
    }),
  inputDim: (graph, draw) =>
    some(graph.input, draw, (input) => {
      const type = input.type?.value;
      if (type?.case !== 'tensorType') return;
      some(type.value.shape?.dim ?? [], draw, (dim) => (dim.value = { case: 'dimValue', value: integer(draw) }));
    }),
  inputUntyped: (graph, draw) => some(graph.input, draw, (input) => delete input.type),
  dropGraphInput: (graph, draw) => some(graph.input, draw, (_input, i) => graph.input.splice(i, 1)),
  repeatGraphInput: (graph, draw) => some(graph.input, draw, (input) => graph.input.push(input)),
  otherOutput: (graph, draw) => graph.output.splice(0, 1, valueInfo(draw.one([...values(graph), ...NAMES]))),
  dropOutput: (graph, draw) => some(graph.output, draw, (_output, i) => graph.output.splice(i, 1)),
  wrongShapeInfo: (graph, draw) =>
    graph.valueInfo.push(valueInfo(draw.one(values(graph)), [Number(draw.one(INTEGERS)), 3, 5])),
  opset: (_graph, draw, model) =>
    some(
      model.opsetImport,
      draw,
      (entry) => (entry.version = draw.one([...INTEGERS, 5n, 6n, 9n, 10n, 11n, 13n, 18n, 22n, 25n])),
    ),
  opsets: (_graph, draw, model) => some(model.opsetImport, draw, (entry) => model.opsetImport.push(entry)),
  irVersion: (_graph, draw, model) => (model.irVersion = integer(draw)),
  nested: (graph, draw) => {
    let inner = create(GraphProtoSchema, { name: 'inner', output: [valueInfo('inner')] });
    for (let depth = draw.one([1, 2, 7, 9, 30]); depth > 1; depth -= 1) {
      const branch = create(NodeProtoSchema, { opType: draw.one(['If', 'Loop', 'Scan']), output: ['inner'] });
      setAttr(branch, 'then_branch', { graph: inner });
      inner = create(GraphProtoSchema, { name: 'outer', node: [branch], output: [valueInfo('inner')] });
    }
    some(graph.node, draw, (one) => setAttr(one, draw.one(['then_branch', 'else_branch', 'body']), { graph: inner }));
  },
  metadata: (_graph, draw, model) =>
    model.metadataProps.push(
      ...Array.from({ length: draw.one([1, 3, 2000]) }, () =>
        create(StringStringEntryProtoSchema, {
          key: draw.one([...NAMES, 'size', 'imgsz', 'preprocess', 'names', 'task']),
          value: draw.one([...NAMES, '[1e9, 1e9]', '{', '[[]]', '{"mean":[null]}', '[320, 320]']),
        }),
      ),
    ),
};

const ALL = Object.values(MUTATORS);

/** The model with one to four things wrong; what is written is sound protobuf. */
export function mutateModel(file: Uint8Array, draw: Draw): Buffer {
  const model = fromBinary(ModelProtoSchema, new Uint8Array(file));
  for (let i = draw.one([1, 1, 1, 2, 2, 3, 4]); i > 0; i -= 1) if (model.graph) draw.one(ALL)(model.graph, draw, model);
  return Buffer.from(toBinary(ModelProtoSchema, model));
}
