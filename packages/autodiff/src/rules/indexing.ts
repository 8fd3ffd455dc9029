import { elementCount, intAttr, stringAttr, tensorNumbers } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { frontAxis, integers, refused } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';
import { gatherBack, padAxis, reversed, scatterAdd, scatterBack } from './scatter-back.ts';

/** Operators that read chosen positions: Slice, Pad, Gather and their kin. */
export const indexing: RuleSet = {
  Slice: vjp((site, [dy]) => {
    const { emit } = site;
    const dims = emit.shape(site.inputs[0]!);
    const before = dims.map(() => 0);
    const after = dims.map(() => 0);
    const all = cuts(site, dims);
    if (all.some(({ count }) => count === 0)) return [emit.expand(emit.scalar(0), dims)];
    let spread = dy!;
    for (const { axis, first, step, count } of all) {
      if (step < 0) spread = reversed(emit, spread, axis);
      spread = dilated(emit, spread, axis, Math.abs(step));
      before[axis] = step < 0 ? first + (count - 1) * step : first;
      after[axis] = dims[axis]! - before[axis] - ((count - 1) * Math.abs(step) + 1);
    }
    return [emit.pad(spread, before, after)];
  }),

  Pad: vjp((site, [dy]) => {
    const { emit } = site;
    const dims = emit.shape(site.inputs[0]!);
    const mode = stringAttr(site.node, 'mode', 'constant');
    const dx = padding(site, dims.length).reduce((value, { axis, before, after }) => {
      if (mode === 'constant') return padAxis(emit, value, axis, -before, -after);
      return gatherBack(emit, value, axis, dims[axis]!, padSources(site, mode, dims[axis]!, before, after));
    }, dy!);
    // The value that fills the border gets all that the input does not.
    const border = site.wants(2)
      ? emit.sub(emit.reduceSum(dy!, undefined, false), emit.reduceSum(dx, undefined, false))
      : '';
    return [dx, undefined, site.wants(2) ? emit.reshape(border, emit.shape(site.inputs[2]!)) : undefined];
  }),

  Gather: vjp((site, [dy]) => {
    const { emit } = site;
    const [x, indices] = site.inputs as [string, string];
    const dims = emit.shape(x);
    const axis = frontAxis(intAttr(site.node, 'axis', 0), dims.length);
    const length = dims[axis]!;
    const count = elementCount(emit.shape(indices));
    const flat = emit.reshape(dy!, [...dims.slice(0, axis), count, ...dims.slice(axis + 1)]);
    const fixed = site.constant(1);
    if (!fixed) return [scatterBack(emit, flat, axis, length, indices)];
    const known = tensorNumbers(fixed).map((index) => frontAxis(index, length));
    return [gatherBack(emit, flat, axis, length, known)];
  }),

  GatherElements: vjp((site, [dy]) => {
    const { emit } = site;
    const dims = emit.shape(site.inputs[0]!);
    const axis = frontAxis(intAttr(site.node, 'axis', 0), dims.length);
    return [scatterAdd(emit, dims, site.inputs[1]!, dy!, axis)];
  }),

  GatherND: vjp((site, [dy]) => {
    const { emit } = site;
    if (intAttr(site.node, 'batch_dims', 0) !== 0) throw refused(site, 'it has batch_dims');
    const type = { dims: emit.shape(site.inputs[0]!), type: emit.float };
    const zeros = emit.expand(emit.scalar(0), type.dims);
    return [emit.node('ScatterND', [zeros, site.inputs[1]!, dy!], type, { reduction: 'add' })];
  }),
};

/** What a Slice reads along one axis: `count` elements from `first` on, every `step`-th. */
interface Cut {
  readonly axis: number;
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Ends are clamped as the operator's definition says. */
function cuts(site: Site, dims: readonly number[]): readonly Cut[] {
  const [starts, ends] = [integers(site, 1) ?? [], integers(site, 2) ?? []];
  const axes = integers(site, 3) ?? starts.map((_, i) => i);
  const steps = integers(site, 4) ?? starts.map(() => 1);
  return axes.map((given, i) => {
    const axis = frontAxis(given, dims.length);
    const length = dims[axis]!;
    const step = steps[i]!;
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + length : value, low), high);
    const first = step > 0 ? clamp(starts[i]!, 0, length) : clamp(starts[i]!, 0, length - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, length) : clamp(ends[i]!, -1, length - 1);
    return { axis, first, step, count: Math.max(0, Math.ceil((end - first) / step)) };
  });
}

/** Puts `step` − 1 zeros between the elements of an axis. */
function dilated(emit: Emitter, x: string, axis: number, step: number): string {
  const dims = emit.shape(x);
  const count = dims[axis]!;
  if (step === 1 || count === 1) return x;
  const cells = emit.reshape(x, [...dims.slice(0, axis + 1), 1, ...dims.slice(axis + 1)]);
  const spread = padAxis(emit, cells, axis + 1, 0, step - 1);
  const joined = emit.reshape(spread, [...dims.slice(0, axis), count * step, ...dims.slice(axis + 1)]);
  return emit.slice(joined, [axis], [0], [(count - 1) * step + 1]);
}

/** The axes that a Pad changes. */
function padding(site: Site, rank: number) {
  const pads = integers(site, 1) ?? [];
  const axes = integers(site, 3) ?? Array.from({ length: rank }, (_, axis) => axis);
  return axes
    .map((axis, i) => ({ axis: frontAxis(axis, rank), before: pads[i]!, after: pads[axes.length + i]! }))
    .filter(({ before, after }) => before !== 0 || after !== 0);
}

/** The position that each element of a padded axis was read from. */
function padSources(site: Site, mode: string, length: number, before: number, after: number): readonly number[] {
  return Array.from({ length: before + length + after }, (_, i) => {
    const at = i - before;
    if (mode === 'edge') return Math.min(Math.max(at, 0), length - 1);
    if (mode === 'wrap') return ((at % length) + length) % length;
    if (mode !== 'reflect') throw refused(site, `its mode is ${mode}`);
    const folded = at < 0 ? -at : at >= length ? 2 * (length - 1) - at : at;
    if (folded < 0 || folded >= length) throw refused(site, 'it reflects more than there is');
    return folded;
  });
}
