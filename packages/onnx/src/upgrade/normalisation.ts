import { intAttr, removeAttr } from '../attributes.ts';
import type { VersionSteps } from './rule.ts';

export const normalisation: VersionSteps = {
  BatchNormalization: [
    {
      since: 9,
      apply: (site) => {
        if (intAttr(site.node, 'spatial', 1) === 0) throw site.refusal('it has statistics per position (spatial = 0)');
        for (const name of ['spatial', 'is_test']) removeAttr(site.node, name);
      },
    },
    // Saved and running statistics were outputs two to five of the training mode; files of a network in use leave them unread.
    { since: 14, apply: (site) => site.keepOutputs(1) },
  ],
};
