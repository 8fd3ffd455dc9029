import { Failure } from '@kneepoint/failures';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { PlanLimits } from './plan.ts';

/** Something that must keep a number of its channels: a layer, or a tap that is no layer. */
export interface Holder {
  /** Channel class of each channel; −1 for one that belongs to no filter and so never goes. */
  readonly classes: readonly number[];
  /** Channels that it keeps at least. */
  readonly least: number;
  /** It keeps a multiple of this many, or all it has. */
  readonly multiple: number;
}

/** Layers, and the taps that a limit names, with what they must keep. Throws PLAN_BAD_LIMIT, PLAN_UNKNOWN_LAYER. */
export function holders(analysis: ChannelAnalysis, limits: PlanLimits): Holder[] {
  const { minFilters = 1, layerMinFilters = {}, roundTo = 1 } = limits;
  const own = new Map(Object.entries(layerMinFilters));
  requireWhole('minFilters', minFilters);
  requireWhole('roundTo', roundTo);
  for (const [layer, least] of own) requireWhole(`layerMinFilters.${layer}`, least);
  const layers = analysis.layers.map(({ name, classes }): Holder => {
    const least = own.get(name) ?? minFilters;
    own.delete(name);
    return { classes, least: Math.min(least, classes.length), multiple: roundTo };
  });
  const taps = [...own].map(([layer, least]): Holder => {
    const tap = analysis.taps.find((candidate) => candidate.layer === layer);
    if (!tap) {
      throw new Failure('PLAN_UNKNOWN_LAYER', `a limit names layer ${layer}, which this network does not have`, {
        where: `layerMinFilters.${layer}`,
        fix: `use one of ${analysis.layers.map(({ name }) => name).join(', ')}`,
      });
    }
    return { classes: tap.classes, least: Math.min(least, tap.channels), multiple: 1 };
  });
  return [...layers, ...taps];
}

function requireWhole(where: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new Failure('PLAN_BAD_LIMIT', `${where} is ${value}`, { where, fix: 'give a whole number from 1 on' });
}
