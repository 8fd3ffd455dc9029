import { Failure } from '@kneepoint/failures';
import { costs, type ModelProto } from '@kneepoint/onnx';
import {
  analyzeChannels,
  type ChannelAnalysis,
  findTaps,
  type LinearHead,
  type Plan,
  planCost,
  type PlanFigures,
  type Shapes,
  type Tap,
  truncate,
  truncatedShapes,
} from '@kneepoint/pruning';
import { choosePlan, type ChooseRequest } from './plan/choose-plan.ts';
import { type Forecast, forecasts } from './plan/forecast.ts';
import type { PruneOptions } from './plan/prune-options.ts';
import type { TaskCurves } from './plan/task-knees.ts';

export interface CompressionRequest extends Pick<ChooseRequest, 'equalMacs' | 'seed' | 'measured'> {
  /** The whole network; its skeleton is enough for the criteria lasso and random. */
  readonly model: ModelProto;
  readonly shapes: Shapes;
  /** The tasks that the network is for, each with a curve for each layer. */
  readonly tasks: readonly TaskCurves[];
  /** Tasks that it shall not carry. */
  readonly avoided?: readonly TaskCurves[];
  /** The layer that the head reads. */
  readonly layer: string;
  /** The linear head on that layer's pooled responses, targets of all tasks side by side. */
  readonly head: LinearHead;
  readonly options: PruneOptions;
}

/** Parameters and multiply-accumulates of one layer. */
export interface LayerCost {
  readonly parameters: number;
  readonly macs: number;
}

/** The node and the operator that keep a layer from being pruned. */
export interface FrozenBy {
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
}

export interface CompressedLayer {
  readonly name: string;
  readonly op: string;
  readonly filters: number;
  readonly kept: number;
  readonly indices: readonly number[];
  /** λ of the knee; null where no curve decided, or those of several tasks. */
  readonly lambda: number | null;
  /** How many filters the layer's own curves chose; 0 where they say next to nothing, null where there is none or no ε decided. */
  readonly chosen: number | null;
  readonly prunable: boolean;
  readonly reason: string | null;
  /** Null when it can be pruned. */
  readonly frozenBy: FrozenBy | null;
  readonly before: LayerCost;
  readonly after: LayerCost;
}

export interface PlannedCompression {
  /** Image → task: what followed the head's layer removed, pooling and the linear head in its place. Nothing is cut yet. */
  readonly network: ModelProto;
  readonly shapes: Shapes;
  readonly tap: Tap;
  readonly analysis: ChannelAnalysis;
  readonly plan: Plan;
  /** In graph order, without the head. */
  readonly layers: readonly CompressedLayer[];
  /** The whole network as it was given. */
  readonly before: PlanFigures;
  readonly after: PlanFigures;
  /** What the curves of the head's layer promise each task. */
  readonly forecasts: readonly Forecast[];
}

/**
 * Paper §7: cut what follows the head's layer, then choose in every remaining layer what stays (see `choosePlan`). The dry run and the
 * pruner plan by this one function. Throws LAYER_UNKNOWN and what `choosePlan` throws.
 */
export function planCompression(request: CompressionRequest): PlannedCompression {
  const { model, shapes, tasks, avoided = [], layer: headLayer, head, options } = request;
  const { network, shapes: networkShapes, tap } = truncateAt(request);
  const analysis = analyzeChannels(network, networkShapes);
  const whole = figures(costs(model, shapes));
  const { plan, knees, chosen } = choosePlan({
    ...request,
    ...{ network, analysis, tasks, avoided, layer: headLayer, options, whole },
  });
  const before = costsByName(costs(network, networkShapes).nodes);
  const after = planCost(network, networkShapes, plan);
  const left = costsByName(after.nodes);
  const kept = new Map(plan.layers.map((layer) => [layer.name, layer.kept]));
  const frozen = new Map(plan.frozen.map(({ layer, node, op, reason }) => [layer, { node, operator: op, reason }]));
  const [only, ...others] = knees;
  const layers = analysis.layers
    .filter((layer) => layer.name !== head.name)
    .map((layer): CompressedLayer => ({
      name: layer.name,
      op: layer.op,
      filters: layer.filters,
      kept: kept.get(layer.name)!.length,
      indices: kept.get(layer.name)!,
      lambda: others.length === 0 ? (only?.get(layer.name)?.lambda ?? null) : null,
      chosen: chosen.get(layer.name) ?? null,
      prunable: layer.prunable,
      reason: layer.reason ?? null,
      frozenBy: frozen.get(layer.name) ?? null,
      before: before.get(layer.name) ?? NOTHING,
      after: left.get(layer.name) ?? NOTHING,
    }));
  return {
    network,
    shapes: networkShapes,
    tap,
    analysis,
    plan,
    layers,
    before: whole,
    after: figures(after),
    forecasts: forecasts(tasks, headLayer, keptChannels(analysis, plan, tap)),
  };
}

/** Channels that a plan keeps of the value that the head reads. */
function keptChannels({ taps }: ChannelAnalysis, { removedClasses }: Plan, { value }: Tap): readonly number[] {
  const gone = new Set(removedClasses);
  const { classes } = taps.find((tap) => tap.value === value)!;
  return [...classes.keys()].filter((channel) => !gone.has(classes[channel]!));
}

/** The network up to the head's layer, pooled, with the linear head at its end: what is pruned, or trained without pruning. Throws LAYER_UNKNOWN. */
export function truncateAt({
  model,
  shapes,
  layer,
  head,
}: Pick<CompressionRequest, 'model' | 'shapes' | 'layer' | 'head'>): Pick<
  PlannedCompression,
  'network' | 'shapes' | 'tap'
> {
  const tap = requireTap(findTaps(model, shapes), layer);
  return {
    network: truncate(model, tap, head),
    shapes: truncatedShapes(shapes, tap, { ...head, targets: head.bias.length }),
    tap,
  };
}

const NOTHING: LayerCost = { parameters: 0, macs: 0 };

function requireTap(taps: readonly Tap[], layer: string): Tap {
  const tap = taps.find((candidate) => candidate.layer === layer);
  if (tap) return tap;
  throw new Failure('LAYER_UNKNOWN', `there is no layer "${layer}" that can be read`, {
    where: 'layer',
    fix: `Choose one of: ${taps.map((candidate) => candidate.layer).join(', ')}.`,
  });
}

function costsByName(nodes: readonly (LayerCost & { readonly name: string })[]): ReadonlyMap<string, LayerCost> {
  return new Map(nodes.map(({ name, parameters, macs }) => [name, { parameters, macs }]));
}

function figures({ parameters, macs, bytes }: PlanFigures): PlanFigures {
  return { parameters, macs, bytes };
}
