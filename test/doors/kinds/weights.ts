import { create } from '@bufbuild/protobuf';
import {
  DataLocation,
  DataType,
  FunctionProtoSchema,
  Graph,
  intTensor,
  type ModelProto,
  NodeProtoSchema,
  setAttr,
  StringStringEntryProtoSchema,
  tensorDims,
  valueInfo,
} from '@kneepoint/onnx';
import { type Door, door, finished } from '../door.ts';
import { HalfDead } from '../half-dead.ts';

/** A layer of 16 filters whose kernel `make` works out in the graph from a stored one, one before and one after it. */
function computed(net: HalfDead, make: (kernel: string) => string): void {
  const x = net.block(net.take(['N', 3, 8, 8]), 16);
  const kernel = make(net.store('kernel', [16, 16, 3, 3], net.filters([16, 16, 3, 3])));
  const y = net.note(net.graph.node('Conv', [x, kernel], { pads: [1, 1, 1, 1] }, 'computed'), [16, 8, 8]);
  net.answer(net.block(net.relu(y), 16));
}

/** Two layers and an answer. */
function plain(options: ConstructorParameters<typeof HalfDead>[1] = {}): ModelProto {
  const net = new HalfDead(1, options);
  net.answer(net.block(net.block(net.take(['N', 3, 8, 8]), 16), 16));
  return net.build();
}

function inConstantNodes(model: ModelProto): ModelProto {
  const graph = model.graph!;
  graph.node.unshift(
    ...graph.initializer.map((tensor) => {
      const node = create(NodeProtoSchema, { opType: 'Constant', output: [tensor.name] });
      setAttr(node, 'value', { tensor: { ...tensor, name: '' } });
      return node;
    }),
  );
  graph.initializer = [];
  return model;
}

function amongInputs(model: ModelProto, irVersion: bigint): ModelProto {
  const graph = model.graph!;
  graph.input.push(...graph.initializer.map((t) => valueInfo(t.name, tensorDims(t), t.dataType as DataType)));
  model.irVersion = irVersion;
  return model;
}

/** All weights in one other file, each at an offset of its own. */
function external(model: ModelProto): { model: ModelProto; files: Record<string, Uint8Array> } {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph!.initializer) {
    const bytes = tensor.rawData;
    if (bytes.length === 0) continue;
    tensor.dataLocation = DataLocation.EXTERNAL;
    tensor.externalData = Object.entries({ location: 'weights.bin', offset, length: bytes.length }).map(
      ([key, value]) => create(StringStringEntryProtoSchema, { key, value: String(value) }),
    );
    tensor.rawData = new Uint8Array();
    parts.push(bytes);
    offset += bytes.length;
  }
  return { model, files: { 'weights.bin': Buffer.concat(parts) } };
}

/** Convolution and Relu are one function of the file's own. */
function inFunctions(model: ModelProto): ModelProto {
  const graph = new Graph(model);
  const own = (version: bigint, domain: string) => ({ ...model.opsetImport[0]!, domain, version });
  const step = (opType: string, input: string[], output: string[]) =>
    create(NodeProtoSchema, { opType, input, output });
  const conv = step('Conv', ['X', 'W'], ['t']);
  setAttr(conv, 'pads', [1, 1, 1, 1]);
  model.functions.push(
    create(FunctionProtoSchema, {
      name: 'ConvRelu',
      domain: 'local',
      input: ['X', 'W'],
      output: ['Y'],
      node: [conv, step('Relu', ['t'], ['Y'])],
      opsetImport: [own(17n, '')],
    }),
  );
  model.opsetImport.push(own(1n, 'local'));
  const proto = model.graph!;
  proto.node = proto.node.flatMap((node) => {
    if (node.opType === 'Relu') return [];
    const [use] = graph.consumers(node.output[0]!);
    if (node.opType !== 'Conv' || !use) return [node];
    const call = create(NodeProtoSchema, {
      name: `${node.name}_call`,
      opType: 'ConvRelu',
      input: node.input.slice(0, 2),
    });
    return [{ ...call, domain: 'local', output: [use.node.output[0]!] }];
  });
  return model;
}

export const weights: readonly Door[] = [
  finished('weights in Constant nodes', () => ({ model: inConstantNodes(plain()) })),
  finished('weights in a file beside it', () => external(plain())),
  finished('initializers among the inputs', () => ({ model: amongInputs(plain(), 8n) })),
  finished('initializers among the inputs, as IR 3 has it', () => ({ model: amongInputs(plain({ opset: 9 }), 3n) })),
  finished('functions of its own', () => {
    const net = new HalfDead(1);
    const conv = (x: string) => net.relu(net.conv(x, 16, { bias: false }));
    net.answer(conv(conv(net.take(['N', 3, 8, 8]))));
    return { model: inFunctions(net.build()) };
  }),
  door('weight normalisation', (net) =>
    computed(net, (kernel) => {
      const squares = net.graph.node('ReduceSumSquare', [kernel], { axes: [1, 2, 3] });
      // What is dead has a length of 0: as trained, the sum has a small number added.
      const length = net.graph.node('Sqrt', [net.graph.node('Add', [squares, net.scalar(1e-6)])]);
      return net.graph.node('Mul', [
        kernel,
        net.graph.node('Div', [net.numbers([16, 1, 1, 1], (i) => 1 + i / 9), length]),
      ]);
    }),
  ),
  door('weight standardisation', (net) =>
    computed(net, (kernel) => {
      const centred = net.graph.node('Sub', [kernel, net.graph.node('ReduceMean', [kernel], { axes: [1, 2, 3] })]);
      const spread = net.graph.node('ReduceMean', [net.graph.node('Mul', [centred, centred])], { axes: [1, 2, 3] });
      const gain = net.graph.node('Sqrt', [net.graph.node('Add', [spread, net.scalar(1e-5)])]);
      return net.graph.node('Div', [centred, gain]);
    }),
  ),
  door('weight standardisation by BatchNormalization', (net) =>
    computed(net, (kernel) => {
      const shape = (dims: number[]) => net.graph.init(intTensor(dims));
      const rows = net.graph.node('Reshape', [kernel, shape([1, 16, -1])]);
      const ones = net.numbers([16], () => 1);
      const normal = net.graph.node('InstanceNormalization', [rows, ones, net.numbers([16], () => 0)]);
      return net.graph.node('Reshape', [normal, shape([16, 16, 3, 3])]);
    }),
  ),
  door('a kernel that is turned twice, reshaped and passed on', (net) =>
    computed(net, (kernel) => {
      const turn = (x: string) => net.graph.node('Transpose', [x], { perm: [1, 0] });
      const flat = net.graph.node('Reshape', [kernel, net.graph.init(intTensor([16, 144]))]);
      return net.graph.node('Reshape', [
        net.graph.node('Identity', [turn(turn(flat))]),
        net.graph.init(intTensor([16, 16, 3, 3])),
      ]);
    }),
  ),
  door('a kernel in half precision that is cast', (net) =>
    computed(net, () => {
      const data = net.filters([16, 16, 3, 3]);
      return net.graph.node('Cast', [net.graph.init({ dims: [16, 16, 3, 3], type: DataType.FLOAT16, data })], {
        to: DataType.FLOAT,
      });
    }),
  ),
  door('a matrix that is a Reshape of a kernel', (net) => {
    const y = net.flatten(net.globalPool(net.block(net.block(net.take([1, 3, 8, 8]), 16), 16)));
    const stored = net.store('answer.kernel', [16, 1, 1, 5], net.filters([16, 1, 1, 5], undefined));
    const matrix = net.graph.node('Reshape', [stored, net.graph.init(intTensor([16, 5]))]);
    net.declare(net.graph.node('MatMul', [y, matrix], {}, 'answer'), [1, 5]);
  }),
  door('a bias that several layers share through Identity', (net) => {
    const bias = net.vector('bias', 16, 0, 0.1);
    const shared = net.graph.node('Identity', [bias]);
    const conv = (x: string, from: number, b: string, name: string) =>
      net.relu(
        net.note(
          net.graph.node('Conv', [x, net.weight(`${name}.weight`, [16, from, 3, 3]), b], { pads: [1, 1, 1, 1] }, name),
          [16, 8, 8],
        ),
      );
    net.answer(conv(conv(net.take([1, 3, 8, 8]), 3, bias, 'a'), 16, shared, 'b'), 1);
  }),
  door('one kernel in two layers', (net) => {
    const x = net.block(net.take(['N', 3, 8, 8]), 16);
    const kernel = net.weight('shared.weight', [16, 16, 3, 3]);
    const conv = (y: string) =>
      net.relu(net.note(net.graph.node('Conv', [y, kernel], { pads: [1, 1, 1, 1] }), [16, 8, 8]));
    net.answer(conv(conv(x)));
  }),
];
