import { intAttr } from '../attributes.ts';
import type { BatchContext, BatchRule } from './axis.ts';
import { absolute, constantDims, DIFFERENT_AXES, imageAxis, integers, withoutAxes } from './axis.ts';

/** Operators that take the batch from axis 0, treat every image alike and keep all axes. */
export const spatial: BatchRule = (context) => {
  const input = imageAxis(context);
  // One kernel for every image of a batch: a modulated convolution makes one for each.
  if (context.inputs.slice(1).some((operand) => operand !== undefined)) {
    return 'its kernel, or what it scales by, is computed from the image';
  }
  return input.axis === 0 ? input : 'it takes the batch from axis 0, where the graph does not have it';
};

/** Arithmetic with broadcasting from the last axis. */
export const elementwise: BatchRule = (context) => {
  const { batch, inputs } = context;
  const seen = inputs.filter((input) => input !== undefined);
  const constants = constantOperands(context);
  if (typeof constants === 'string') return constants;
  const rank = Math.max(...seen.map((input) => input.rank), ...constants.map(({ dims }) => dims.length));
  const aligned = seen.map((input) => ({ ...input, axis: input.axis + rank - input.rank, rank }));
  const [lead] = aligned;
  if (!lead || aligned.some((input) => input.axis !== lead.axis)) return DIFFERENT_AXES;
  // At a batch of 1 a folded axis may have been broadcast against the batch; beyond 1 their lengths could not have matched.
  if (batch === 1 && aligned.some((input) => input.merged !== lead.merged)) return DIFFERENT_AXES;
  const fixed = constants.find(({ dims }) => isLong(dims[lead.axis - (rank - dims.length)]));
  if (fixed) return `the constant ${fixed.name} has a length along the batch`;
  return { ...lead, merged: aligned.every((input) => input.merged) };
};

export const matMul: BatchRule = (context) => {
  const [a, b] = context.inputs;
  const found = imageAxis(context);
  const rows = found.rank - 2;
  if (a && b) {
    const same = a.axis === b.axis && a.rank === b.rank && a.merged === b.merged;
    return same && a.axis < rows ? a : 'it multiplies images of the batch with each other';
  }
  const constant = constantDims(context.graph, context.node.input[a ? 1 : 0] ?? '');
  if (!constant) return 'it multiplies with a matrix that is computed in the graph';
  if (constant.length > found.rank) return 'it broadcasts the image to more dimensions';
  const contracted = a ? found.rank - 1 : rows;
  if (found.axis === contracted) return 'it sums over the batch';
  if (found.axis < rows && isLong(constant[found.axis - (found.rank - constant.length)])) {
    return 'it multiplies with a constant that has a length along the batch';
  }
  return found;
};

export const gemm: BatchRule = (context) => {
  const [a, b, c] = context.inputs;
  if (!a || b || c) return 'it uses the image as a weight';
  const rows = intAttr(context.node, 'transA', 0) === 0 ? 0 : 1;
  if (a.axis !== rows) return 'it sums over the batch';
  const bias = context.node.input[2] ? constantDims(context.graph, context.node.input[2]) : [];
  if (!bias || (bias.length === 2 && isLong(bias[0]))) return 'its bias has a length along the batch';
  return { ...a, axis: 0 };
};

/** Operators along the one axis that an attribute names. */
export const along =
  (fallback: number): BatchRule =>
  (context) => {
    const input = imageAxis(context);
    return absolute(intAttr(context.node, 'axis', fallback), input.rank) === input.axis
      ? 'it works along the batch'
      : input;
  };

/** Operators over the named axis and all that follow. */
export const trailing =
  (fallback: number): BatchRule =>
  (context) => {
    const input = imageAxis(context);
    return absolute(intAttr(context.node, 'axis', fallback), input.rank) <= input.axis
      ? 'it works along the batch'
      : input;
  };

/** Before opset 13 softmax took all axes from `axis` (1 unless said) as one. */
export const softmax: BatchRule = (context) => (context.graph.opset < 13 ? trailing(1) : along(-1))(context);

export const concat: BatchRule = (context) => {
  const lead = imageAxis(context);
  if (context.inputs.some((input) => !input)) return 'it joins the image with a constant of fixed batch';
  const same = context.inputs.every((input) => input?.axis === lead.axis && input.rank === lead.rank);
  if (!same) return DIFFERENT_AXES;
  const merged = context.inputs.every((input) => input?.merged);
  const result = along(1)(context);
  return typeof result === 'string' ? result : { ...result, merged };
};

export const reduce: BatchRule = (context) => {
  const input = imageAxis(context);
  const axes = integers(context, 1, 'axes')?.map((axis) => absolute(axis, input.rank));
  if (!axes || axes.length === 0 || axes.includes(input.axis)) return 'it reduces over the batch';
  return intAttr(context.node, 'keepdims', 1) ? input : withoutAxes(input, axes);
};

export const argExtreme: BatchRule = (context) => {
  const input = imageAxis(context);
  const axis = absolute(intAttr(context.node, 'axis', 0), input.rank);
  if (axis === input.axis) return 'it works along the batch';
  return intAttr(context.node, 'keepdims', 1) ? input : withoutAxes(input, [axis]);
};

/** An output size that names every axis holds the batch too; its entry is read from the input instead. */
export const resize: BatchRule = (context) => {
  const input = spatial(context);
  const sizes = context.node.opType === 'Resize' && context.node.input[3] ? integers(context, 3, 'sizes') : undefined;
  if (typeof input === 'string' || !context.node.input[3]) return input;
  if (!sizes) return 'its output size is computed in the graph';
  if (sizes.length < input.rank) return input;
  if (input.merged || sizes[0] !== context.batch) return 'it resizes the batch';
  context.replaceOperand(3, sizes, context.node.input[0]);
  return input;
};

function constantOperands(context: BatchContext): { name: string; dims: readonly number[] }[] | string {
  const constants: { name: string; dims: readonly number[] }[] = [];
  for (const [i, name] of context.node.input.entries()) {
    if (context.inputs[i] || name === '') continue;
    const dims = constantDims(context.graph, name);
    if (!dims) return `its operand ${name} is computed in the graph and may have a fixed batch`;
    constants.push({ name, dims });
  }
  return constants;
}

function isLong(length: number | undefined): boolean {
  return length !== undefined && length !== 1;
}
