import { intAttr, setAttr } from '../attributes.ts';
import { elementCount } from '../tensor.ts';
import type { VersionStep, VersionSteps } from './rule.ts';

/** Before 13 these worked on a matrix: all axes before `axis` (default 1) by all axes from it on. Since, they work along one axis. */
const alongOneAxis: readonly VersionStep[] = [
  {
    since: 13,
    apply: (site) => {
      const dims = site.shape(0);
      const given = intAttr(site.node, 'axis', 1);
      const axis = given < 0 ? given + dims.length : given;
      const long = dims.flatMap((dim, at) => (at >= axis && dim !== 1 ? [at] : []));
      if (long.length <= 1 && dims.length > 0) {
        setAttr(site.node, 'axis', long[0] ?? dims.length - 1);
        return;
      }
      const matrix = [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))];
      site.reshapeInput(0, matrix);
      site.reshapeOutput(matrix, dims);
      setAttr(site.node, 'axis', 1);
    },
  },
];

export const softmax: VersionSteps = { Softmax: alongOneAxis, LogSoftmax: alongOneAxis, Hardmax: alongOneAxis };
