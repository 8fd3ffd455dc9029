import { hasAttr, intsAttr, removeAttr } from '../attributes.ts';
import type { VersionStep, VersionSteps } from './rule.ts';

/** Axes were an attribute and became the second input. */
const axesBecameInput = (since: number): readonly VersionStep[] => [
  {
    since,
    apply: (site) => {
      if (!hasAttr(site.node, 'axes')) return;
      site.setInts(1, intsAttr(site.node, 'axes'));
      removeAttr(site.node, 'axes');
    },
  },
];

const REDUCTIONS = 'L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare'.split(' ');

export const axes: VersionSteps = {
  Squeeze: axesBecameInput(13),
  Unsqueeze: axesBecameInput(13),
  ReduceSum: axesBecameInput(13),
  ...Object.fromEntries(REDUCTIONS.map((kind) => [`Reduce${kind}`, axesBecameInput(18)])),
};
