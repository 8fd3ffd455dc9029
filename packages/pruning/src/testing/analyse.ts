import type { ModelProto } from '@kneepoint/onnx';
import { smallNets } from '@kneepoint/onnx';
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
