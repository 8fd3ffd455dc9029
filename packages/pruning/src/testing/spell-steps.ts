import { create } from '@bufbuild/protobuf';
import {
  cloneModel,
  DataType,
  floatTensor,
  Graph,
  intAttr,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  readTensor,
  setAttr,
  tensorNumbers,
  writeTensor,
} from '@kneepoint/onnx';

/**
 * The same network with every QuantizeLinear and DequantizeLinear spelled as the formula that defines it, in arithmetic on float32: stored weights as the
 * numbers that they stand for, roundings as Div, Round, Add, Clip, Sub, Mul.
 */
export function spellSteps(source: ModelProto): ModelProto {
  const model = cloneModel(source);
  const graph = new Graph(model);
  const { proto } = graph;
  const constant = (name: string, value: number): string => {
    proto.initializer.push(writeTensor(name, floatTensor([], [value])));
    return name;
  };
  const number = (name: string): number => tensorNumbers(readTensor(graph.initializer(name)!))[0]!;
  const node = (opType: string, input: string[], output: string): NodeProto =>
    create(NodeProtoSchema, { opType, input, output: [output] });
  proto.node = proto.node.flatMap((site, i): NodeProto[] => {
    const [value, scale, zero] = site.input;
    const [made] = site.output;
    const at = `spelled${i}`;
    if (site.opType === 'QuantizeLinear') {
      return [
        node('Div', [value!, scale!], `${at}/steps`),
        node('Round', [`${at}/steps`], `${at}/round`),
        node('Add', [`${at}/round`, constant(`${at}/zero`, number(zero!))], `${at}/moved`),
        node('Clip', [`${at}/moved`, constant(`${at}/low`, 0), constant(`${at}/high`, 255)], made!),
      ];
    }
    if (site.opType !== 'DequantizeLinear') return [site];
    const stored = graph.initializer(value!);
    if (!stored) {
      const moved = `${at}/moved`;
      return [node('Sub', [value!, constant(`${at}/zero`, number(zero!))], moved), node('Mul', [moved, scale!], made!)];
    }
    const { dims, data } = readTensor(stored);
    const scales = tensorNumbers(readTensor(graph.initializer(scale!)!));
    const axis = intAttr(site, 'axis', 1);
    const behind = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
    const numbers = Float32Array.from(
      data as Int8Array,
      (whole, k) => whole * scales[Math.floor(k / behind) % dims[axis]!]!,
    );
    const read = create(NodeProtoSchema, { opType: 'Constant', output: [made!] });
    setAttr(read, 'value', { tensor: writeTensor('', { dims, type: DataType.FLOAT, data: numbers }) });
    return [read];
  });
  return model;
}
