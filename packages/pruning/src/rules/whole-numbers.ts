import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/**
 * An operator with a weight of whole numbers whose filters cannot be followed (what can be is spelled with DequantizeLinear before): a
 * layer that stays, named with the reason, so that its filters are counted. `axis` is where the filters lie, counted from the end if negative.
 */
export const wholeNumbers =
  (weight: number, axis: number): Rule =>
  (site) => {
    const why = 'computes in whole numbers';
    const dims = site.constant(weight) && site.constantDims(weight);
    if (dims && dims.length > 0) {
      const filters = axis < 0 ? axis + dims.length : axis;
      const labels = site.labels.fresh(dims[filters]!);
      site.layer(labels, { input: weight, axis: filters });
      site.freeze(labels, why);
    }
    return stop(site, why);
  };
