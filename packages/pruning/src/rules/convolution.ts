import { intAttr, setAttr } from '@kneepoint/onnx';
import { alongAxis } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import { tieGroups } from './tie-groups.ts';
import { stop } from './unknown.ts';

/** Conv of any rank and grouping: weight [out, in / groups, …]. */
export const conv: Rule = (site) => convolution(site, 0);

/** ConvTranspose: weight [in, out / groups, …]. */
export const convTranspose: Rule = (site) => convolution(site, 1);

/** `axis` is where the filters lie in the weight. */
function convolution(site: Site, axis: 0 | 1): ReturnType<Rule> {
  const value = site.input(0);
  const dims = site.constantDims(1);
  if (!value || !dims || !site.constant(1)) return stop(site, 'convolves with computed weights');
  if (site.node.input[2] && !site.constant(2)) return stop(site, 'adds a computed bias');
  const groups = intAttr(site.node, 'group', 1);
  // Groups may keep different channels, and could then not share one scale for each.
  if (groups > 1 && site.scaledAlong(1, 1)) return stop(site, 'has weights with scales that groups share');
  const outputs = axis === 0 ? dims[0]! : dims[1]! * groups;
  const inputs = site.along(value, 1, 'convolves over an axis that carries channels');
  const depthwise = groups > 1 && groups === inputs.length;
  const filters = depthwise ? repeated(inputs, outputs / groups) : site.filters(1, axis, outputs);
  site.layer(filters, { input: 1, axis });
  if (!depthwise) {
    site.tieShared(1, 1 - axis, inputs);
    if (groups > 1) keepEqual(site, inputs, filters, groups);
    site.consume(0, 1, inputs);
  }
  const [major, minor] = axis === 0 ? [filters, inputs] : [inputs, filters];
  site.cut(1, { kind: 'groups', groups, major, minor });
  if (site.node.input[2]) site.cut(2, { kind: 'axis', axis: 0, labels: filters });
  if (groups > 1) {
    const size = inputs.length / groups;
    site.rewrite(({ node, kept }) => {
      setAttr(node, 'group', new Set(kept(inputs).map((position) => Math.floor(position / size))).size);
    });
  }
  return [alongAxis(value.dims.length, 1, filters)];
}

/**
 * Keeps the groups of a grouped convolution equal. Either the r-th channels of all groups live or die together (by importance,
 * where it is known), or every group does as a whole; whichever gives smaller classes unless the caller chose.
 */
function keepEqual(site: Site, inputs: Int32Array, filters: Int32Array, groups: number): void {
  const perGroup = (inputs.length + filters.length) / groups;
  const tie = site.groupedTie ?? (groups <= perGroup ? 'rank' : 'groups');
  if (tie === 'groups') tieWhole(site, inputs, filters, groups);
  else for (const side of [inputs, filters]) tieGroups(site, side, groups);
}

function tieWhole(site: Site, inputs: Int32Array, filters: Int32Array, groups: number): void {
  for (const side of [inputs, filters]) {
    const size = side.length / groups;
    side.forEach((label, i) => site.labels.union(label, inputs[(Math.floor(i / size) * inputs.length) / groups]!));
  }
}

function repeated(labels: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: labels.length * times }, (_, i) => labels[Math.floor(i / times)]!);
}
