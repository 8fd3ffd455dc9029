import { hasAttr, intsAttr, normalAxis, setAttr, sliceRange } from '@kneepoint/onnx';
import type { LabelTensor } from '../labels/label-tensor.ts';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import { renumbered } from './gather.ts';
import { stop } from './unknown.ts';

/** Slice: bounds on the channel axis become the number of channels left before them. */
export const slice: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'slices a constant');
  const [axis] = varyingAxes(value.labels);
  if (axis === undefined) return [value.labels];
  const rank = value.dims.length;
  const starts = bounds(site, 'starts', 1);
  const ends = bounds(site, 'ends', 2);
  const axes = bounds(site, 'axes', 3) ?? starts?.map((_, i) => i);
  const steps = bounds(site, 'steps', 4) ?? starts?.map(() => 1);
  if (!starts || !ends || !axes || !steps) return stop(site, 'has computed bounds');
  const entry = axes.findIndex((a) => normalAxis(a, rank) === axis);
  if (entry < 0) return [value.labels];
  const step = steps[entry]!;
  const { start, count } = sliceRange(value.dims[axis]!, starts[entry]!, ends[entry]!, step);
  if (step !== 1) {
    // What is left of every other channel does not lie in even steps: one by one they can be gathered.
    if (starts.length > 1) return stop(site, `takes channels in steps of ${step}`);
    return [
      picked(
        site,
        value.labels,
        axis,
        Array.from({ length: count }, (_, i) => start + i * step),
      ),
    ];
  }
  const labels = value.labels.data.slice(start, start + count);
  const before = value.labels.data.slice(0, start);
  site.rewrite((edit) => {
    const from = edit.kept(before).length;
    const to = from + edit.kept(labels).length;
    setBound(site, edit, 'starts', 1, starts.with(entry, from));
    setBound(site, edit, 'ends', 2, ends.with(entry, to));
  });
  return [alongAxis(rank, axis, labels)];
};

function picked(site: Site, labels: LabelTensor, axis: number, positions: readonly number[]): LabelTensor {
  const taken = Int32Array.from(positions, (position) => labels.data[position]!);
  site.rewrite((edit) => {
    if (edit.kept(labels.data).length === labels.data.length) return;
    edit.node.opType = 'Gather';
    edit.node.attribute = [];
    setAttr(edit.node, 'axis', axis);
    edit.setInts(1, renumbered(edit, labels.data, positions));
    edit.node.input = edit.node.input.slice(0, 2);
  });
  return alongAxis(labels.dims.length, axis, taken);
}

function bounds(site: Site, name: string, position: number): number[] | undefined {
  if (hasAttr(site.node, name)) return [...intsAttr(site.node, name)];
  const folded = site.folded(position);
  return folded && [...folded.data];
}

function setBound(
  site: Site,
  edit: Parameters<Parameters<Site['rewrite']>[0]>[0],
  name: string,
  position: number,
  values: number[],
): void {
  if (hasAttr(site.node, name)) setAttr(edit.node, name, values);
  else edit.setInts(position, values);
}
