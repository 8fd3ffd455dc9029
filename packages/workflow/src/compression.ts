import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import {
  analyzeChannels,
  type ChannelAnalysis,
  findTaps,
  type Head,
  type Plan,
  planCost,
  planFromTaps,
  type Shapes,
  type Tap,
  truncate,
} from '@kneepoint/pruning';
import { type CharacteristicCurve, type Knee, knee } from '@kneepoint/regression';
import type { PruneOptions } from './steps/prune.ts';

export interface CompressionRequest {
  /** The whole network; its skeleton is enough. */
  readonly model: ModelProto;
  readonly shapes: Shapes;
  /** One curve for each layer up to the head's, for one task. */
  readonly curves: ReadonlyMap<string, CharacteristicCurve>;
  /** The layer that the head reads. */
  readonly layer: string;
  /** The linear head on that layer's pooled responses: T × C weights. */
  readonly head: Head;
  readonly options: PruneOptions;
}

export interface Size {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
}

export interface CompressedLayer {
  readonly name: string;
  readonly op: string;
  readonly filters: number;
  readonly kept: number;
  readonly indices: readonly number[];
  readonly lambda: number | null;
  readonly chosen: number | null;
  readonly prunable: boolean;
  readonly reason: string | null;
}

export interface PlannedCompression {
  /** Image → task: what followed the head's layer removed, pooling and the linear head in its place. Nothing pruned yet. */
  readonly network: ModelProto;
  readonly shapes: Shapes;
  readonly tap: Tap;
  readonly analysis: ChannelAnalysis;
  readonly plan: Plan;
  readonly layers: readonly CompressedLayer[];
  readonly before: Size;
  readonly after: Size;
}

/** Paper §7: cut what follows the best layer, then keep in every remaining layer the filters of its knee. */
export function planCompression(request: CompressionRequest): PlannedCompression {
  const { model, shapes, curves, layer, head, options } = request;
  const taps = findTaps(model, shapes);
  const tap = taps.find((candidate) => candidate.layer === layer);
  if (!tap) {
    throw new Failure('LAYER_UNKNOWN', `there is no layer "${layer}" that can be read`, {
      where: 'layer',
      fix: `Choose one of: ${taps.map((candidate) => candidate.layer).join(', ')}.`,
    });
  }
  const truncated = truncate(model, shapes, tap, head);
  const analysis = analyzeChannels(truncated.model, truncated.shapes);
  const remaining = new Set(findTaps(truncated.model, truncated.shapes).map((candidate) => candidate.layer));
  const knees = new Map<string, Knee>();
  for (const [name, curve] of curves) {
    if (remaining.has(name)) knees.set(name, knee(curve, options.layerEpsilon?.[name] ?? options.epsilon));
  }
  const keep = new Map([...knees].map(([name, found]) => [name, found.kept]));
  const plan = planFromTaps(analysis, keep, { minFilters: options.minFilters ?? 1 });
  const cost = planCost(truncated.model, truncated.shapes, plan);
  const whole = planCost(model, shapes, null);
  const reasons = new Map(analysis.layers.map((info) => [info.name, info]));
  return {
    network: truncated.model,
    shapes: truncated.shapes,
    tap,
    analysis,
    plan,
    layers: plan.layers.map((planned) => ({
      name: planned.name,
      op: reasons.get(planned.name)?.op ?? 'Conv',
      filters: planned.filters,
      kept: planned.kept.length,
      indices: planned.kept,
      lambda: knees.get(planned.name)?.lambda ?? null,
      chosen: knees.get(planned.name)?.kept.length ?? null,
      prunable: reasons.get(planned.name)?.prunable ?? false,
      reason: reasons.get(planned.name)?.reason ?? null,
    })),
    before: size(whole),
    after: size(cost),
  };
}

function size({ parameters, macs, bytes }: Size): Size {
  return { parameters, macs, bytes };
}
