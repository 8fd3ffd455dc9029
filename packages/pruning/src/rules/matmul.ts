import type { Rule, Site } from '../trace/site.ts';
import type { Term } from './contraction.ts';
import { contraction } from './contraction.ts';
import { stop } from './unknown.ts';

/** MatMul: the last axis of the left factor runs with the one before the last of the right factor, axes before them together. */
export const matmul: Rule = (site) => {
  const [left, right] = [dimsOf(site, 0), dimsOf(site, 1)];
  if (!left || !right) return stop(site, 'multiplies by computed weights');
  const rank = Math.max(left.length, right.length);
  const own = (dims: readonly number[], side: string, last: Term): Term => {
    const lead = dims.slice(0, Math.max(0, dims.length - 2));
    // An axis of size 1 repeats along the other factor's: it is not the same axis.
    const names = lead.map((size, i) => (size === 1 ? `${side}${lead.length - i}` : `batch${lead.length - i}`));
    return [...names, ...last];
  };
  const terms = [
    own(left, 'left', left.length === 1 ? ['sum'] : ['row', 'sum']),
    own(right, 'right', right.length === 1 ? ['sum'] : ['sum', 'column']),
  ];
  const batch = Array.from({ length: Math.max(0, rank - 2) }, (_, i) => {
    const place = rank - 2 - i;
    const wide = terms.flat().includes(`batch${place}`);
    return wide ? `batch${place}` : terms.flat().find((name) => name === `left${place}` || name === `right${place}`)!;
  });
  const result = [...batch, ...(left.length === 1 ? [] : ['row']), ...(right.length === 1 ? [] : ['column'])];
  return contraction(site, terms, result);
};

function dimsOf(site: Site, position: number): readonly number[] | undefined {
  return site.input(position)?.dims ?? site.constantDims(position);
}
