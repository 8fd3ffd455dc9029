import { seededRandom } from '@kneepoint/onnx';
import type { Criterion } from './criterion.ts';

/** A random order of the classes, the same for the same seed: the baseline that any criterion must beat. */
export const random: Criterion = ({ analysis, seed }) => {
  const source = seededRandom(seed);
  const classes = analysis.classes.map(({ id }) => id);
  return [{ layer: '', classes, scores: Float64Array.from(classes, () => source.uniform()) }];
};
