import type { Criterion } from './criterion.ts';
import { measureLayers, summed } from './filter-norm.ts';

const squares = summed((weight) => weight * weight);

/** Euclidean norm per filter. */
export const l2: Criterion = (input) =>
  measureLayers(input, (graph, node, filters, weight) => squares(graph, node, filters, weight).map(Math.sqrt));
