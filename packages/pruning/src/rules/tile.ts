import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Tile: along the channel axis every channel comes again. */
export const tile: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'repeats a constant');
  const [axis] = varyingAxes(value.labels);
  if (axis === undefined) return [value.labels];
  const times = site.outputDims()[axis]! / value.dims[axis]!;
  const labels = Int32Array.from(
    { length: value.dims[axis]! * times },
    (_, i) => value.labels.data[i % value.dims[axis]!]!,
  );
  return [alongAxis(value.dims.length, axis, labels)];
};
