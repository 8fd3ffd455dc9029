import { seededRandom } from '@kneepoint/onnx';
import type { Criterion } from './criterion.ts';

/** A random order, the same for the same seed: the baseline that any criterion must beat. */
export const random: Criterion = ({ analysis, seed }) => {
  const source = seededRandom(seed);
  return Float64Array.from(analysis.classes, () => source.uniform());
};
