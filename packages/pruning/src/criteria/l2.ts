import type { Criterion } from './criterion.ts';
import { classScores, summed } from './filter-norm.ts';

const squares = summed((weight) => weight * weight);

/** Euclidean norm per filter. */
export const l2: Criterion = (input) =>
  classScores(input, (graph, node, filters) => squares(graph, node, filters).map(Math.sqrt));
