import { Failure } from '@kneepoint/failures';
import { costs, freeBatch, type ModelProto } from '@kneepoint/onnx';
import {
  analyzeChannels,
  type ChannelAnalysis,
  findTaps,
  mergeHead,
  type LinearHead,
  type Plan,
  planCost,
  type PlanFigures,
  type PlanLayer,
  type Shapes,
  type Tap,
  truncate,
  truncatedShapes,
} from '@kneepoint/pruning';
import { choosePlan, type ChooseRequest, type ChosenPlan, multipleOf } from './plan/choose-plan.ts';

/** A cut of an image → task network: one that was truncated, or one that a training made. */
export interface CutRequest extends Omit<ChooseRequest, 'analysis'> {
  readonly shapes: Shapes;
  /** Of the network, where it is known already. */
  readonly analysis?: ChannelAnalysis;
  /** Name of the node that is the head. */
  readonly head: string;
}

/** A cut of a registered network, of which nothing stays behind the layer that the head reads. */
export interface CompressionRequest extends Omit<ChooseRequest, 'network' | 'analysis' | 'whole'> {
  /** The whole network; its skeleton is enough for the criteria lasso and random. */
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly layer: string;
  /** The linear head on that layer's pooled responses, targets of all tasks side by side. */
  readonly head: LinearHead;
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
  /** Share of what the layer can lose that is lost here; null where no damage decided. */
  readonly damage: number | null;
  /** What is out of the ordinary in how many it keeps. */
  readonly note: string | null;
  readonly before: LayerCost;
  readonly after: LayerCost;
}

export interface PlannedCut extends Pick<ChosenPlan, 'plan' | 'candidates'> {
  /** Image → task. Nothing is cut yet. */
  readonly network: ModelProto;
  readonly shapes: Shapes;
  readonly analysis: ChannelAnalysis;
  /** In graph order, without the head. */
  readonly layers: readonly CompressedLayer[];
  /** The whole network as it was given. */
  readonly before: PlanFigures;
  readonly after: PlanFigures;
}

export interface PlannedCompression extends PlannedCut {
  /** What the head reads, in the network as it was given. */
  readonly tap: Tap;
}

/**
 * Paper §7: cut what follows the head's layer, then choose in every remaining layer what stays (see `choosePlan`). The dry run and the
 * pruner plan by this one function. Throws LAYER_UNKNOWN and what `choosePlan` throws.
 */
export function planCompression(request: CompressionRequest): PlannedCompression {
  const { model, shapes, head, ...rest } = request;
  const { tap, ...truncated } = truncateAt(request);
  return { ...planCut({ ...rest, ...truncated, head: head.name, whole: wholeFigures(model, shapes) }), tap };
}

/** What a network costs as it is: what shares of a target are shares of. */
export function wholeFigures(model: ModelProto, shapes: Shapes): PlanFigures {
  return figures(costs(model, shapes));
}

/** Chooses in every layer of a network what stays; see `choosePlan`, and throws what it throws. */
export function planCut(request: CutRequest): PlannedCut {
  const { network, shapes } = request;
  const analysis = request.analysis ?? analyzeChannels(network, shapes);
  return plannedCut({ ...request, analysis }, choosePlan({ ...request, analysis }));
}

/** The same cut by another of its candidates. Throws nothing that planning did not. */
export function withCandidate(planned: PlannedCut, plan: Plan, request: CutRequest): PlannedCut {
  const { analysis, candidates } = planned;
  return plannedCut({ ...request, analysis }, { plan, candidates, knees: [], chosen: new Map() });
}

function plannedCut(
  request: CutRequest & { readonly analysis: ChannelAnalysis },
  { plan, candidates, knees, chosen }: ChosenPlan,
): PlannedCut {
  const { network, shapes, analysis, head, whole } = request;
  const before = costsByName(costs(network, shapes).nodes);
  const after = planCost(network, shapes, plan);
  const left = costsByName(after.nodes);
  const planned = new Map(plan.layers.map((layer) => [layer.name, layer]));
  const frozen = new Map(plan.frozen.map(({ layer, node, op, reason }) => [layer, { node, operator: op, reason }]));
  const [only, ...others] = knees;
  const multiple = multipleOf(request);
  const layers = analysis.layers
    .filter((layer) => layer.name !== head)
    .map((layer): CompressedLayer => {
      const own = planned.get(layer.name)!;
      return {
        name: layer.name,
        op: layer.op,
        filters: layer.filters,
        kept: own.kept.length,
        indices: own.kept,
        lambda: others.length === 0 ? (only?.get(layer.name)?.lambda ?? null) : null,
        chosen: chosen.get(layer.name) ?? null,
        prunable: layer.prunable,
        reason: layer.reason ?? null,
        frozenBy: frozen.get(layer.name) ?? null,
        damage: own.damage ?? null,
        note: layer.prunable ? noteOf(own, multiple) : null,
        before: before.get(layer.name) ?? NOTHING,
        after: left.get(layer.name) ?? NOTHING,
      };
    });
  return { network, shapes, analysis, plan, candidates, layers, before: whole, after: figures(after) };
}

/** Why a layer keeps so few, or no multiple. */
function noteOf({ kept: { length: kept }, filters, even, damage = 0 }: PlanLayer, multiple: number): string | null {
  const notes = [
    ...(even === undefined
      ? []
      : [
          `keeps ${kept} where the same share everywhere would leave ${even}: only ${(100 * damage).toPrecision(1)} % of what the answers depend on here goes with the rest`,
        ]),
    ...(kept % multiple === 0
      ? []
      : [
          kept === filters
            ? `keeps all ${kept}, no multiple of ${multiple}`
            : `keeps ${kept}: no multiple of ${multiple} was possible`,
        ]),
  ];
  return notes.length === 0 ? null : notes.join('; ');
}

/**
 * The network up to the head's layer, averaged, with the linear head at its end, into which what is linear before it is merged: what is pruned, or
 * trained without pruning. Throws LAYER_UNKNOWN.
 */
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
  // What keeps a whole network at one image often lies behind the layer.
  const merged = mergeHead({
    model: freeBatch(truncate(model, tap, head)).model,
    shapes: truncatedShapes(shapes, tap, { ...head, targets: head.bias.length }),
  });
  return { network: merged.model, shapes: merged.shapes, tap };
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
