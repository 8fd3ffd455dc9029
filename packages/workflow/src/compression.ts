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
  planFromTaps,
  type Shapes,
  type Tap,
  truncate,
  truncatedShapes,
} from '@kneepoint/pruning';
import { type CharacteristicCurve, type Knee, knee } from '@kneepoint/regression';
import type { PruneOptions } from './steps/prune.ts';

export interface CompressionRequest {
  /** The whole network; its skeleton is enough. */
  readonly model: ModelProto;
  readonly shapes: Shapes;
  /** One curve for each layer, for one task. */
  readonly curves: ReadonlyMap<string, CharacteristicCurve>;
  /** The layer that the head reads. */
  readonly layer: string;
  /** The linear head on that layer's pooled responses. */
  readonly head: LinearHead;
  readonly options: PruneOptions;
}

/** Parameters and multiply-accumulates of one layer. */
export interface LayerCost {
  readonly parameters: number;
  readonly macs: number;
}

export interface CompressedLayer {
  readonly name: string;
  readonly op: string;
  readonly filters: number;
  readonly kept: number;
  readonly indices: readonly number[];
  /** λ of the knee; null where no curve decided. */
  readonly lambda: number | null;
  /** How many filters the layer's own curve chose; 0 where it says next to nothing about the task, null where there is none. */
  readonly chosen: number | null;
  readonly prunable: boolean;
  readonly reason: string | null;
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
}

/**
 * Paper §7: cut what follows the best layer, then keep in every remaining layer the filters of its knee; a layer whose curve says
 * nothing or next to nothing about the task stays whole. The dry run and the pruner plan by this one function. Throws LAYER_UNKNOWN.
 */
export function planCompression(request: CompressionRequest): PlannedCompression {
  const { model, shapes, curves, head, options } = request;
  const { network, shapes: networkShapes, tap } = truncateAt(request);
  const analysis = analyzeChannels(network, networkShapes);
  const knees = tellingKnees(kneesOf(analysis.taps, curves, options), request.layer);
  const keep = new Map([...knees].map(([name, found]) => [name, found.kept]));
  const scores = new Map([...knees.keys()].map((name) => [name, joiningOrder(curves.get(name)!)]));
  const plan = planFromTaps(analysis, keep, { minFilters: options.minFilters ?? 1, scores });
  const before = costsByName(costs(network, networkShapes).nodes);
  const after = planCost(network, networkShapes, plan);
  const left = costsByName(after.nodes);
  const kept = new Map(plan.layers.map((layer) => [layer.name, layer.kept]));
  const layers = analysis.layers
    .filter((layer) => layer.name !== head.name)
    .map((layer): CompressedLayer => ({
      name: layer.name,
      op: layer.op,
      filters: layer.filters,
      kept: kept.get(layer.name)!.length,
      indices: kept.get(layer.name)!,
      lambda: knees.get(layer.name)?.lambda ?? null,
      chosen: knees.get(layer.name)?.filters ?? (curves.has(layer.name) ? 0 : null),
      prunable: layer.prunable,
      reason: layer.reason ?? null,
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
    before: figures(costs(model, shapes)),
    after: figures(after),
  };
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
    shapes: truncatedShapes(shapes, tap, { outputName: head.outputName, targets: head.bias.length }),
    tap,
  };
}

const NOTHING: LayerCost = { parameters: 0, macs: 0 };

function kneesOf(
  taps: readonly Tap[],
  curves: ReadonlyMap<string, CharacteristicCurve>,
  { epsilon, layerEpsilon }: PruneOptions,
): ReadonlyMap<string, Knee> {
  return new Map(
    taps.flatMap(({ layer }): [string, Knee][] => {
      const curve = curves.get(layer);
      return curve ? [[layer, knee(curve, layerEpsilon?.[layer] ?? epsilon)]] : [];
    }),
  );
}

/**
 * Of what the head's layer explains, the share that another layer must explain for its knee to count. The knee is relative to a
 * curve's own drop: where that is next to nothing, ε of it is noise, and the filters that it would take are those on which the
 * layers behind build what pooled responses of this one don't show.
 */
const TELLING_SHARE = 0.1;

/** The knees of the layers that say something about the task: others give no reason to prefer any of their filters. */
function tellingKnees(knees: ReadonlyMap<string, Knee>, headLayer: string): ReadonlyMap<string, Knee> {
  const head = knees.get(headLayer);
  const least = head ? TELLING_SHARE * explained(head) : 0;
  return new Map([...knees].filter(([, found]) => found.filters > 0 && explained(found) >= least));
}

/** Share of the labels' variance on validation that the layer explains at its best: R². */
function explained({ rmseMin, rmseMax }: Knee): number {
  return rmseMax > 0 ? 1 - (rmseMin / rmseMax) ** 2 : 0;
}

/** Worth of each filter: the λ at which it first joins the path, 0 if it never does. Where a least number binds, the earliest stay. */
function joiningOrder({ filters, points, supports }: CharacteristicCurve): Float64Array {
  const worth = new Float64Array(filters);
  supports.forEach((changes, point) => {
    for (const change of changes) {
      if (change > 0 && worth[change - 1] === 0) worth[change - 1] = points[point]!.lambda;
    }
  });
  return worth;
}

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
