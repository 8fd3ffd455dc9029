import type { Attributes, ModelProto, Tensor } from '@kneepoint/onnx';
import { DataType, GraphBuilder } from '@kneepoint/onnx';
import { STEP_OPSET } from '../emit/emitter.ts';

/**
 * A model of one operator. Operands by name: dimensions for what is fed, a tensor for a constant, undefined for an absent one.
 * @example oneNode('Conv', { x: [2, 3, 8, 8], w: [4, 3, 3, 3] }, { pads: [1, 1, 1, 1] })
 */
export function oneNode(
  op: string,
  operands: Readonly<Record<string, readonly number[] | Tensor | undefined>>,
  attributes: Attributes = {},
  outputs: readonly DataType[] = [DataType.FLOAT],
): ModelProto {
  const graph = new GraphBuilder({ opset: STEP_OPSET });
  const inputs = Object.entries(operands).map(([name, operand]) => {
    if (operand === undefined) return '';
    return 'data' in operand ? graph.init(operand, name) : graph.input(name, operand);
  });
  graph.multi(op, inputs, outputs.length, attributes).forEach((value, i) => {
    graph.output(value, undefined, outputs[i]);
  });
  return graph.build();
}
