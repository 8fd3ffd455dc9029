import type { ModelProto } from '@kneepoint/onnx';
import { floatTensor, Layers, smallNets } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analyzeChannels } from '../analysis/analysis.ts';
import type { Plan } from '../plan/plan.ts';
import { measureShapes } from './ort.ts';

/** A small net, or a model, with its analysis. */
export async function analyse(
  net: string | ModelProto,
): Promise<{ readonly model: ModelProto; readonly analysis: ChannelAnalysis }> {
  const model = typeof net === 'string' ? smallNets[net]!(1) : net;
  return { model, analysis: analyzeChannels(model, await measureShapes(model)) };
}

/** The filters that a plan keeps of a layer. */
export function keptOf(plan: Plan, name: string): readonly number[] {
  return plan.layers.find((layer) => layer.name === name)!.kept;
}

/** A convolution, then two linear layers at every position with GELU between, channels last. */
export function channelsLastNet(): ModelProto {
  const net = new Layers(1);
  const scalar = (value: number) => net.graph.init(floatTensor([], [value]));
  const turned = net.graph.node('Transpose', [net.relu(net.conv(net.image(3, 16), 6))], { perm: [0, 2, 3, 1] });
  const linear = (x: string, from: number, to: number, name: string) =>
    net.graph.node('Add', [
      net.graph.node('MatMul', [x, net.weight(`${name}.weight`, [from, to])], {}, name),
      net.weight(`${name}.bias`, [to]),
    ]);
  const wide = linear(turned, 6, 12, 'wide');
  const erf = net.graph.node('Erf', [net.graph.node('Div', [wide, scalar(Math.SQRT2)])]);
  const product = net.graph.node('Mul', [wide, net.graph.node('Add', [erf, scalar(1)])]);
  const narrow = linear(net.graph.node('Mul', [product, scalar(0.5)]), 12, 4, 'narrow');
  const back = net.graph.node('Transpose', [narrow], { perm: [0, 3, 1, 2] });
  net.heads(net.note(back, [4, 16, 16]), { logits: 5 });
  return net.build();
}
