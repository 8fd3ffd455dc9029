import { alongAxis } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Pooling over space, channel by channel. MaxPool may give the positions of its maxima too, counted over all channels. */
export const pooling: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'pools a constant');
  const labels = site.along(value, 1, 'pools over an axis that carries channels');
  const onlyUnpooled = site.readers(1).every(({ node, input }) => node.opType === 'MaxUnpool' && input === 1);
  if (!onlyUnpooled) site.freeze(labels, 'gives positions that count channels');
  return site.node.output.map(() => value.labels);
};

/** MaxUnpool: puts each channel back where MaxPool found it, which has lost the same channels. */
export const maxUnpool: Rule = (site) => {
  const [value, positions] = [site.input(0), site.input(1)];
  if (!value || !positions) return stop(site, 'unpools a constant');
  const labels = site.along(value, 1, 'unpools over an axis that carries channels');
  site.tie(labels, site.along(positions, 1));
  if (site.node.input[2]) {
    if (!site.folded(2)) return stop(site, 'has a computed shape');
    site.rewrite((edit) => edit.setSizes(2, edit.dims(site.node.output[0]!)));
  }
  return [alongAxis(value.dims.length, 1, labels)];
};
