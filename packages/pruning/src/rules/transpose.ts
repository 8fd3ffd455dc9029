import { intsAttr, move, transposition } from '@kneepoint/onnx';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Transpose: the channel axis goes where its axis goes. */
export const transpose: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'transposes a constant');
  const rank = value.dims.length;
  const perm = intsAttr(
    site.node,
    'perm',
    value.dims.map((_, axis) => rank - 1 - axis),
  );
  const movement = transposition(value.labels.dims, perm);
  site.batch = value.batch < 0 ? -1 : perm.indexOf(value.batch);
  return [{ dims: movement.dims, data: move(value.labels.data, movement) }];
};
