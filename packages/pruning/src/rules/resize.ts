import { hasAttr } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Resize and Upsample over space: channels pass; sizes given as numbers follow the channel axis. */
export const resize: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'resizes a constant');
  const [axis] = varyingAxes(value.labels);
  if (axis === undefined) return [value.labels];
  if (site.outputDims()[axis] !== value.dims[axis]) return stop(site, 'resizes the channel axis');
  const sizes = site.node.opType === 'Resize' && site.node.input[3] ? 3 : undefined;
  if (sizes === undefined || hasAttr(site.node, 'axes')) return [value.labels];
  if (!site.folded(sizes)) return stop(site, 'has computed sizes');
  site.rewrite((edit) => {
    edit.setSizes(sizes, edit.original(sizes).with(axis, edit.dims(site.node.output[0]!)[axis]!));
  });
  return [value.labels];
};
