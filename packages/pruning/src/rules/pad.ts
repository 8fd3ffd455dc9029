import { hasAttr, intsAttr, normalAxis, setAttr, stringAttr } from '@kneepoint/onnx';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Pad: over space channels pass; constant padding of the channel axis brings channels of its own. */
export const pad: Rule = (site) => {
  const value = site.input(0);
  const rank = value?.dims.length ?? 0;
  const named = hasAttr(site.node, 'pads') ? 'pads' : hasAttr(site.node, 'paddings') ? 'paddings' : undefined;
  const pads = named ? [...intsAttr(site.node, named)] : [...(site.folded(1)?.data ?? [])];
  const axes = site.folded(3)?.data ?? value?.dims.map((_, axis) => axis);
  if (!value || !axes || pads.length !== 2 * axes.length) return stop(site, 'has computed padding');
  const [varying] = varyingAxes(value.labels);
  const entry = [...axes].findIndex((axis) => normalAxis(axis, rank) === varying);
  const [front, back] = [pads[entry] ?? 0, pads[entry + axes.length] ?? 0];
  if (varying === undefined || entry < 0 || (front === 0 && back === 0)) return [value.labels];
  if (front < 0 || back < 0 || stringAttr(site.node, 'mode', 'constant') !== 'constant') {
    return stop(site, 'pads the channel axis with channels');
  }
  const [before, after] = [site.labels.fresh(front), site.labels.fresh(back)];
  site.rewrite((edit) => {
    const next = pads.with(entry, edit.kept(before).length).with(entry + axes.length, edit.kept(after).length);
    if (named) setAttr(edit.node, named, next);
    else edit.setInts(1, next);
  });
  return [alongAxis(rank, varying, Int32Array.of(...before, ...value.labels.data, ...after))];
};
