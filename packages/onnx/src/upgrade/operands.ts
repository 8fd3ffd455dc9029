import { floatAttr, hasAttr, intAttr, intsAttr, removeAttr } from '../attributes.ts';
import type { VersionSteps } from './rule.ts';

/** Operators whose settings were attributes and became inputs. */
export const operands: VersionSteps = {
  Clip: [
    {
      since: 11,
      apply: (site) => {
        ['min', 'max'].forEach((bound, i) => {
          if (!hasAttr(site.node, bound)) return;
          site.setScalar(i + 1, floatAttr(site.node, bound));
          removeAttr(site.node, bound);
        });
      },
    },
  ],

  Dropout: [
    {
      since: 12,
      apply: (site) => {
        site.setScalar(1, floatAttr(site.node, 'ratio', 0.5));
        removeAttr(site.node, 'ratio');
      },
    },
  ],

  Pad: [
    {
      since: 11,
      apply: (site) => {
        site.setInts(1, intsAttr(site.node, 'pads'));
        site.setScalar(2, floatAttr(site.node, 'value', 0));
        for (const name of ['pads', 'value']) removeAttr(site.node, name);
      },
    },
  ],

  Reshape: [
    {
      since: 5,
      apply: (site) => {
        site.setInts(1, intsAttr(site.node, 'shape'));
        removeAttr(site.node, 'shape');
      },
    },
  ],

  Slice: [
    {
      since: 10,
      apply: (site) => {
        ['starts', 'ends', 'axes'].forEach((name, i) => {
          if (!hasAttr(site.node, name)) return;
          site.setInts(i + 1, intsAttr(site.node, name));
          removeAttr(site.node, name);
        });
      },
    },
  ],

  Split: [
    {
      since: 13,
      apply: (site) => {
        if (!hasAttr(site.node, 'split')) return;
        site.setInts(1, intsAttr(site.node, 'split'));
        removeAttr(site.node, 'split');
      },
    },
    {
      // Since 18 a node without sizes must say the number of parts; before, it was the number of outputs, all of one size.
      since: 18,
      apply: (site) => {
        if ((site.node.input[1] ?? '') !== '') return;
        const dims = site.shape(0);
        const parts = site.node.output.length;
        const axis = intAttr(site.node, 'axis', 0);
        const size = dims[axis < 0 ? axis + dims.length : axis]! / parts;
        site.setInts(1, new Array<number>(parts).fill(size));
      },
    },
  ],

  TopK: [
    {
      since: 10,
      apply: (site) => {
        site.setInts(1, [intAttr(site.node, 'k')]);
        removeAttr(site.node, 'k');
      },
    },
  ],
};
