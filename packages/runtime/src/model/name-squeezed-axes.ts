import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, dimsOf, Graph, hasAttr, intConstant, isDefaultDomain, isFree, setAttr } from '@kneepoint/onnx';
import { shapesOf } from './shapes-of.ts';

/** From here on the axes of a Squeeze are an input. */
const AXES_AS_INPUT = 13;

/**
 * Writes down which axes a Squeeze without axes drops, where every length of the inputs is fixed, so that it drops the same ones when a
 * single channel is left. Gives a new model, or the one given where there is nothing to write. Throws as `shapesOf` does.
 */
export async function nameSqueezedAxes(model: ModelProto): Promise<ModelProto> {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const silent = graph.proto.node.filter(
    (node) =>
      node.opType === 'Squeeze' &&
      isDefaultDomain(node.domain) &&
      !node.input[1] &&
      !hasAttr(node, 'axes') &&
      node.input[0],
  );
  if (silent.length === 0 || graph.inputs.some((input) => dimsOf(input).some(isFree))) return model;
  const [batch = 1] = graph.inputs.map((input) => dimsOf(input)[0] as number | undefined);
  const shapes = await shapesOf(model, { batch });
  for (const node of silent) {
    const dims = shapes.get(node.input[0]!);
    const axes = dims?.flatMap((size, axis) => (size === 1 ? [axis] : []));
    if (!axes || axes.length === 0) continue;
    if (graph.opset < AXES_AS_INPUT) {
      setAttr(node, 'axes', axes);
      continue;
    }
    const name = `${node.output[0]!}/axes`;
    graph.proto.initializer.push(intConstant(name, axes, [axes.length]));
    node.input = [node.input[0]!, name];
  }
  return copy;
}
