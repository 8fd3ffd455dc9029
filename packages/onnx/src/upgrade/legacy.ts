import { AttributeType } from '../proto.ts';
import { hasAttr, intAttr, removeAttr, setAttr, stringAttr } from '../attributes.ts';
import { DataType } from '../proto.ts';
import type { VersionStep, VersionSteps } from './rule.ts';

/** Until 7, the second operand was stretched only where `broadcast` said so, along axes that only `axis` told. */
const numpyBroadcasting: readonly VersionStep[] = [
  {
    since: 7,
    apply: (site) => {
      if (intAttr(site.node, 'broadcast', 0) !== 0) throw site.refusal('it broadcasts as operators did before opset 7');
      for (const name of ['broadcast', 'axis']) removeAttr(site.node, name);
    },
  },
];

const BROADCAST = 'Add Sub Mul Div Pow And Or Xor Equal Greater Less'.split(' ');

/** Versions from before 7, which runtimes no longer promise to run. */
export const legacy: VersionSteps = {
  ...Object.fromEntries(BROADCAST.map((operator) => [operator, numpyBroadcasting])),

  Cast: [
    {
      since: 6,
      apply: (site) => {
        const to = site.node.attribute.find((attribute) => attribute.name === 'to');
        if (to?.type !== AttributeType.STRING) return;
        const name = stringAttr(site.node, 'to');
        const type = DataType[name as keyof typeof DataType];
        if (type === undefined) throw site.refusal(`it casts to ${name}`);
        removeAttr(site.node, 'to');
        setAttr(site.node, 'to', type);
      },
    },
  ],

  Concat: [{ since: 4, apply: (site) => hasAttr(site.node, 'axis') || setAttr(site.node, 'axis', 1) }],

  Gemm: [{ since: 7, apply: (site) => removeAttr(site.node, 'broadcast') }],

  PRelu: [
    {
      // One slope per channel stood alone; since 7 it is stretched along trailing axes.
      since: 7,
      apply: (site) => {
        const [rank, slope] = [site.shape(0).length, site.shape(1)];
        if (slope.length !== 1 || slope[0] === 1 || rank <= 2) return;
        site.reshapeInput(1, [slope[0]!, ...new Array<number>(rank - 2).fill(1)]);
      },
    },
  ],
};
