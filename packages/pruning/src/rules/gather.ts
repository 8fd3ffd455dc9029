import { intAttr, normalAxis } from '@kneepoint/onnx';
import { alongAxis, uniform, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Gather with constant positions: on the channel axis the positions are counted anew. */
export const gather: Rule = (site) => {
  const value = site.input(0);
  const indices = site.folded(1);
  if (!value || !indices) return stop(site, 'gathers at computed positions');
  const rank = value.dims.length;
  const axis = normalAxis(intAttr(site.node, 'axis', 0), rank);
  const outRank = rank - 1 + indices.dims.length;
  const [varying] = varyingAxes(value.labels);
  if (value.batch >= axis) site.batch = value.batch === axis ? -1 : value.batch + indices.dims.length - 1;
  if (varying !== axis) {
    if (varying === undefined) return [uniform(outRank, value.labels.data[0]!)];
    return [alongAxis(outRank, varying < axis ? varying : varying + indices.dims.length - 1, value.labels.data)];
  }
  const labels = value.labels.data;
  const positions = [...indices.data].map((index) => normalAxis(index, labels.length));
  const taken = Int32Array.from(positions, (position) => labels[position]!);
  if (indices.dims.length !== 1) {
    site.freeze(taken, 'picks single channels');
    if (indices.dims.length > 1) return stop(site, 'gathers channels into several axes');
  }
  site.rewrite((edit) => {
    const left = edit.kept(labels);
    const renumbered = new Map(left.map((position, i) => [position, i]));
    edit.setInts(
      1,
      positions.flatMap((position) => renumbered.get(position) ?? []),
    );
  });
  return [indices.dims.length === 1 ? alongAxis(outRank, axis, taken) : uniform(outRank, taken[0]!)];
};
