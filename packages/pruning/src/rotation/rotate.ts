import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, Graph, volume } from '@kneepoint/onnx';
import { congruent } from '../algebra/products.ts';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { rankByDamage } from '../damage/rank-by-damage.ts';
import type { DamageStatistics, PartStatistics } from '../damage/statistics.ts';
import { free } from '../surgery/free-name.ts';
import { normalisationOf } from '../surgery/linear-path.ts';
import { prepare } from '../surgery/prepare.ts';
import { removeDead } from '../surgery/remove-dead.ts';
import { type LinearGroup, linearGroups, type TurnedConstant } from './linear-groups.ts';
import { rankBasis } from './rank-basis.ts';
import { Constants, type Numbers, turned } from './turn-constants.ts';

/** A network whose linear groups of channels are coordinates, the first of which say most of what the answers depend on. */
export interface Rotated {
  /** Computes the same; names and shapes stay, normalisations that lay inside of such a group are folded. */
  readonly model: ModelProto;
  /** Of the new channels. Classes are numbered as before. */
  readonly statistics: DamageStatistics;
  /** Layers whose filters are directions now. */
  readonly layers: ReadonlySet<string>;
}

/** What a basis has to spare, as a share of the damage of all widths together, to be worth it. */
const WORTH = 1e-3;
/** The work of a group grows with the cube of its channels for each place where it is read; this much takes about half a minute. */
const MOST_WORK = 2e9;

/**
 * Rank instead of channels: every group of channels that is linear inside (`linearGroups`) is written in the basis of `rankBasis`, so that keeping its
 * first k channels keeps the best rank k of it. With B the basis, B Bᵀ = I, layers that make the channels get B·W and B·b, those that read them
 * W·Bᵀ; zeros that a reader pads with stay zeros. A group of which nothing was measured, that is too wide
 * to be solved for, or whose channels do as well by themselves, stays as it is.
 * Undefined where that is so for all.
 * @param analysis of the model
 */
export function rotate(
  model: ModelProto,
  analysis: ChannelAnalysis,
  statistics: DamageStatistics,
): Rotated | undefined {
  const found = linearGroups(analysis).flatMap((group) => turnedGroup(group, statistics) ?? []);
  if (found.length === 0) return undefined;
  const replaced = new Map(found.flatMap(({ parts }) => [...parts]));
  return {
    model: written(prepare(model, analysis.shapes), found),
    statistics: { ...statistics, parts: statistics.parts.map((part) => replaced.get(part) ?? part) },
    layers: new Set(found.flatMap(({ group }) => group.layers)),
  };
}

interface TurnedGroup {
  readonly group: LinearGroup;
  readonly basis: Float64Array;
  /** By what was measured, the same in the new basis. */
  readonly parts: ReadonlyMap<PartStatistics, PartStatistics>;
}

function turnedGroup(group: LinearGroup, statistics: DamageStatistics): TurnedGroup | undefined {
  const { classes } = group;
  const own = new Set(classes);
  const measured = statistics.parts.filter((part) => part.classes.some((id) => own.has(id)));
  const complete = (part: PartStatistics): boolean =>
    part.classes.length === classes.length && new Set([...part.classes, ...classes]).size === classes.length;
  if (measured.length === 0 || !measured.every(complete)) return undefined;
  if (measured.length * classes.length ** 3 > MOST_WORK) return undefined;
  const ordered = measured.map((part) => inOrder(part, classes));
  const basis = rankBasis(ordered, classes.length);
  const after = ordered.map(({ covariance, metric }) => ({
    classes,
    covariance: congruent(basis, covariance, classes.length),
    metric: congruent(basis, metric, classes.length),
  }));
  const [before, now] = [measured, after].map((parts) => {
    const { damage } = rankByDamage({ ...statistics, parts }, classes)!;
    return damage.reduce((sum, value) => sum + value, 0);
  });
  if (!(now! < (1 - WORTH) * before!)) return undefined;
  return { group, basis, parts: new Map(measured.map((part, i) => [part, after[i]!])) };
}

/** The same with its channels in the order of the classes given. */
function inOrder({ classes, covariance, metric }: PartStatistics, order: readonly number[]): PartStatistics {
  const places = order.map((id) => classes.indexOf(id));
  const moved = (matrix: Float64Array): Float64Array =>
    Float64Array.from(places.flatMap((row) => places.map((column) => matrix[row * order.length + column]!)));
  return { classes: order, covariance: moved(covariance), metric: moved(metric) };
}

function written(prepared: ModelProto, groups: readonly TurnedGroup[]): ModelProto {
  const copy = cloneModel(prepared);
  const constants = new Constants(copy);
  const places = groups.map(({ group }) => [
    ...group.constants,
    ...group.normalisations.flatMap((name) => fold(copy, constants, group, name)),
  ]);
  const graph = new Graph(copy);
  const nodes = new Map(copy.graph!.node.map((node) => [node.name, node]));
  groups.forEach(({ basis }, i) => {
    for (const { node, input, ...place } of places[i]!) {
      const numbers = constants.of(graph, nodes.get(node)!.input[input]!);
      numbers.data = turned(numbers, basis, place);
    }
  });
  constants.write();
  copy.graph!.valueInfo = [];
  removeDead(copy);
  return copy;
}

/** Takes a normalisation into the layer before it, in place; gives the bias that this adds, where there was none. */
function fold(model: ModelProto, constants: Constants, group: LinearGroup, name: string): TurnedConstant[] {
  const graph = new Graph(model);
  const { node: nodes } = graph.proto;
  const normalisation = nodes.find((node) => node.name === name)!;
  const layer = graph.producer(normalisation.input[0]!)!;
  const { scale, shift } = normalisationOf(graph, normalisation)!;
  const { axis } = group.constants.find(({ node, input }) => node === layer.name && input === 1)!;
  const weight = constants.of(graph, layer.input[1]!);
  weight.data = scaled(weight, axis, scale);
  graph.proto.node = nodes.filter((node) => node !== normalisation);
  layer.output[0] = normalisation.output[0]!;
  if (layer.input[2]) {
    const bias = constants.of(graph, layer.input[2]);
    bias.data = scaled(bias, bias.dims.length - 1, scale).map((value, at) => value + shift[at % shift.length]!);
    return [];
  }
  const added = free(graph, `${layer.name}_bias`);
  layer.input[2] = added;
  constants.add(added, { dims: [shift.length], data: shift });
  return [{ node: layer.name, input: 2, axis: 0, repeats: 1, run: 1 }];
}

function scaled({ dims, data }: Numbers, axis: number, scale: Float64Array): Float64Array {
  const inner = volume(dims.slice(axis + 1));
  return data.map((value, at) => value * scale[Math.floor(at / inner) % dims[axis]!]!);
}
