import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** GridSample: each channel is read at the same places. */
export const gridSample: Rule = (site) => sampled(site, 'reads places from it');

/** RoiAlign and MaxRoiPool: each channel is pooled over the same boxes; the result has one row for each box. */
export const regions: Rule = (site) => {
  const labels = sampled(site, 'reads boxes from it');
  site.batch = -1;
  return labels;
};

function sampled(site: Parameters<Rule>[0], why: string): ReturnType<Rule> {
  const value = site.input(0);
  if (!value) return stop(site, 'samples a constant');
  for (const other of [site.input(1), site.input(2)]) if (other) site.freeze(other.labels, why);
  site.along(value, 1, 'samples over an axis that carries channels');
  return [value.labels];
}
