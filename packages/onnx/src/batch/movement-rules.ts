import { intAttr, intsAttr } from '../attributes.ts';
import { type BatchRule, type ShapeEntry, absolute, constantDims, imageAxis, integers, withoutAxes } from './axis.ts';

export const flatten: BatchRule = (context) => {
  const input = imageAxis(context);
  const axis = absolute(intAttr(context.node, 'axis', 1), input.rank);
  if (input.axis !== 0 || axis === 0) return 'it folds the batch into another axis';
  return { axis: 0, rank: 2, merged: input.merged || axis > 1 };
};

export const transpose: BatchRule = (context) => {
  const input = imageAxis(context);
  const reversed = Array.from({ length: input.rank }, (_, i) => input.rank - 1 - i);
  return { ...input, axis: intsAttr(context.node, 'perm', reversed).indexOf(input.axis) };
};

export const gather: BatchRule = (context) => {
  const [data, indices] = context.inputs;
  if (!data || indices) return 'it picks by values that depend on the image';
  const picked = constantDims(context.graph, context.node.input[1] ?? '');
  if (!picked) return 'what it picks is computed in the graph';
  const axis = absolute(intAttr(context.node, 'axis', 0), data.rank);
  if (axis === data.axis) return 'it picks single images out of the batch';
  const added = picked.length - 1;
  return { ...data, rank: data.rank + added, axis: data.axis > axis ? data.axis + added : data.axis };
};

export const slice: BatchRule = (context) => {
  const input = imageAxis(context);
  const starts = integers(context, 1, 'starts');
  const axes =
    context.node.input[3] || !starts
      ? integers(context, 3, 'axes')
      : (integers(context, 3, 'axes') ?? starts.map((_, i) => i));
  if (!axes) return 'the axes that it cuts are computed in the graph';
  return axes.some((axis) => absolute(axis, input.rank) === input.axis) ? 'it cuts the batch' : input;
};

export const squeeze: BatchRule = (context) => {
  const input = imageAxis(context);
  const axes = integers(context, 1, 'axes')?.map((axis) => absolute(axis, input.rank));
  if (!axes) return 'it drops every axis of length 1, which a batch of 1 is too';
  return axes.includes(input.axis) ? 'it drops the batch axis' : withoutAxes(input, axes);
};

export const unsqueeze: BatchRule = (context) => {
  const input = imageAxis(context);
  const listed = integers(context, 1, 'axes');
  if (!listed) return 'its axes are computed in the graph';
  const rank = input.rank + listed.length;
  const added = new Set(listed.map((axis) => absolute(axis, rank)));
  const kept = Array.from({ length: rank }, (_, i) => i).filter((axis) => !added.has(axis));
  return { ...input, rank, axis: kept[input.axis] ?? -1 };
};

/**
 * A 0 in the operand copies the input's axis and -1 takes what is left over: either follows the batch. Row-major order keeps the
 * elements of one image together, so the leading entry is the batch, or a multiple of it, wherever the input leads with it.
 */
export const reshape: BatchRule = (context) => {
  const [input, operand] = context.inputs;
  if (!input || operand) return 'its shape depends on the image';
  const shape = context.node.input[1] ? context.shapeOperand(1) : integers(context, 1, 'shape');
  if (!shape) return 'its shape is computed in the graph';
  const [lead, ...rest] = shape;
  if (input.axis !== 0 || shape.length === 0) return 'it folds the batch into another axis';
  const zeroCopies = intAttr(context.node, 'allowzero', 0) === 0;
  const output = { axis: 0, rank: shape.length };
  if (lead === 'batch') return { ...output, merged: false };
  if (lead === -1) return { ...output, merged: true };
  if (lead === 0 && zeroCopies) return { ...output, merged: input.merged };
  const isFixed = (entry: ShapeEntry) => typeof entry === 'number';
  if (!isFixed(lead) || !rest.every(isFixed)) return 'its shape mixes computed lengths with a fixed batch';
  if (lead === context.batch && !input.merged && zeroCopies) {
    context.replaceOperand(1, [0, ...rest]);
    return { ...output, merged: false };
  }
  if (lead === 0 || lead % context.batch !== 0 || rest.includes(-1)) {
    return `its shape [${shape.join(', ')}] does not lead with the batch`;
  }
  context.replaceOperand(1, [-1, ...rest]);
  return { ...output, merged: lead !== context.batch };
};

/** An entry of 1 leaves the input's own length in place. */
export const expand: BatchRule = (context) => {
  const [input, operand] = context.inputs;
  const shape = context.shapeOperand(1);
  if (!input || operand || !shape) return 'its shape is computed in the graph';
  const rank = Math.max(input.rank, shape.length);
  const axis = input.axis + rank - input.rank;
  const position = axis - (rank - shape.length);
  const entry = position < 0 ? 1 : shape[position];
  const numbers = shape.filter((length) => typeof length === 'number');
  if (entry !== 1 && entry !== 'batch') {
    if (numbers.length < shape.length) return 'its shape mixes computed lengths with a fixed batch';
    if (entry !== context.batch || input.merged) return `its shape [${shape.join(', ')}] repeats the batch`;
    context.replaceOperand(1, numbers.with(position, 1));
  }
  return { ...input, rank, axis };
};

export const pad: BatchRule = (context) => {
  const input = imageAxis(context);
  const pads = integers(context, 1, 'pads');
  if (!pads) return 'its padding is computed in the graph';
  const axes = context.node.input[3] ? integers(context, 3, 'axes') : Array.from({ length: input.rank }, (_, i) => i);
  if (!axes) return 'the axes that it pads are computed in the graph';
  const position = axes.findIndex((axis) => absolute(axis, input.rank) === input.axis);
  const touched = position >= 0 && (pads[position] !== 0 || pads[position + axes.length] !== 0);
  return touched ? 'it pads the batch' : input;
};
