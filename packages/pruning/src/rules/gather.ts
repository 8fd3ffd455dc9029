import { intAttr, normalAxis } from '@kneepoint/onnx';
import { alongAxis, uniform, varyingAxes } from '../labels/label-tensor.ts';
import type { NodeEdit } from '../trace/edits.ts';
import type { Rule, Site } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Positions of an axis, counted among those that are left of it. */
export function renumbered(edit: NodeEdit, labels: Int32Array, positions: readonly number[]): number[] {
  const now = new Map(edit.kept(labels).map((position, i) => [position, i]));
  return positions.flatMap((position) => now.get(position) ?? []);
}

/** Positions that depend on data can be used along other axes than the channels'. */
function computedPositions(site: Site): { dims: readonly number[]; data?: undefined } | undefined {
  const positions = site.input(1);
  if (positions) site.freeze(positions.labels, 'gathers at these positions');
  return positions;
}

/** Gather with constant positions: on the channel axis the positions are counted anew. */
export const gather: Rule = (site) => {
  const value = site.input(0);
  const indices = site.folded(1) ?? computedPositions(site);
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
  if (!indices.data) return stop(site, 'gathers channels at computed positions');
  const labels = value.labels.data;
  const positions = [...indices.data].map((index) => normalAxis(index, labels.length));
  const taken = Int32Array.from(positions, (position) => labels[position]!);
  if (indices.dims.length !== 1) {
    site.freeze(taken, 'picks single channels');
    if (indices.dims.length > 1) return stop(site, 'gathers channels into several axes');
  }
  site.rewrite((edit) => {
    const left = renumbered(edit, labels, positions);
    edit.setInts(1, left, indices.dims.length === 0 ? [] : [left.length]);
  });
  return [indices.dims.length === 1 ? alongAxis(outRank, axis, taken) : uniform(outRank, taken[0]!)];
};
