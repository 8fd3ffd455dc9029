import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Pooling over space, channel by channel. A second output (the positions of maxima) carries no channels. */
export const pooling: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'pools a constant');
  site.along(value, 1, 'pools over an axis that carries channels');
  return [value.labels];
};
