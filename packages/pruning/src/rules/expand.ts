import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Expand: repeats a value along axes of size 1; the channel axis, where there is one, is written as 1 ("as it is"). */
export const expand: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'repeats a constant');
  if (!site.folded(1)) return stop(site, 'has a computed shape');
  const rank = site.outputDims().length;
  const lead = rank - value.dims.length;
  if (value.batch >= 0) site.batch = value.batch + lead;
  const labels = { dims: [...new Array<number>(lead).fill(1), ...value.labels.dims], data: value.labels.data };
  const [axis] = varyingAxes(labels);
  if (axis === undefined) return [labels];
  site.rewrite((edit) => {
    const live = edit.live(1);
    const varies = edit.varies(1);
    const position = axis - rank + varies.length;
    if (!live || position < 0 || live[position] === edit.dims(site.node.output[0]!)[axis]) return;
    edit.setInts(
      1,
      edit.original(1).map((size, i) => (i === position || varies[i] ? 1 : size)),
    );
  });
  return [labels];
};
