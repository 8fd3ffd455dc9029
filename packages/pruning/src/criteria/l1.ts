import type { Criterion } from './criterion.ts';
import { measureLayers, summed } from './filter-norm.ts';

const measure = summed(Math.abs);

/** Sum of absolute weights per filter (Li et al. 2017, "Pruning filters for efficient ConvNets"). */
export const l1: Criterion = (input) => measureLayers(input, measure);
