import { floatTensor, intTensor, Layers, type Random } from '@kneepoint/onnx';

/** Height and width of every value that steps hand on. */
export const SIZE = 4;

/** Draws an operator and its inputs among the values so far; gives a value of some channels at 4 × 4. */
export type Step = (draw: Drawing) => string;

/** A network being drawn, and the operators that are written in another way in another opset. */
export class Drawing {
  readonly net: Layers;
  readonly opset: number;
  readonly values: string[] = [];
  private readonly random: Random;
  private weights = 0;
  private nodes = 0;

  constructor(seed: number, opset: number, random: Random) {
    this.net = new Layers(seed, { opset });
    this.opset = opset;
    this.random = random;
  }

  /** A number from 0 to count − 1. */
  pick(count: number): number {
    return Math.floor(this.random.uniform() * count);
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.pick(choices.length)]!;
  }

  /** One of the values so far; late ones come more often, so that networks grow deep. */
  any(): string {
    const last = Math.min(this.values.length, 3);
    return this.pick(2) ? this.one(this.values) : this.values[this.values.length - 1 - this.pick(last)]!;
  }

  /** A value whose channels a step can share out evenly. */
  even(parts = 2): string {
    const fits = this.values.filter((value) => this.channels(value) % parts === 0 && this.channels(value) > parts);
    return fits.length > 0 ? this.one(fits) : this.net.conv(this.any(), 4 * parts, { kernel: 1 });
  }

  /** A value with the channels of another one: an earlier one, which is then tied to it, or a new one. */
  partner(x: string): string {
    const like = this.values.filter((value) => value !== x && this.channels(value) === this.channels(x));
    return like.length > 0 && this.pick(3) > 0
      ? this.one(like)
      : this.net.conv(this.any(), this.channels(x), { kernel: 1 });
  }

  channels(x: string): number {
    return this.net.shape(x)[0]!;
  }

  node(op: string, inputs: readonly string[], attributes = {}): string {
    return this.multi(op, inputs, 1, attributes)[0]!;
  }

  multi(op: string, inputs: readonly string[], outputs: number, attributes = {}): string[] {
    return this.net.graph.multi(op, inputs, outputs, attributes, `${op.toLowerCase()}_${++this.nodes}`);
  }

  /** Says that a value has some channels at 4 × 4. */
  full(value: string, channels: number): string {
    return this.net.note(value, [channels, SIZE, SIZE]);
  }

  weight(...dims: number[]): string {
    return this.net.weight(`w${++this.weights}`, dims);
  }

  ints(...values: number[]): string {
    return this.net.graph.init(intTensor(values));
  }

  floats(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.net.graph.init(floatTensor(dims, values));
  }

  split(x: string, axis: number, sizes: readonly number[]): string[] {
    if (this.opset < 13) return this.multi('Split', [x], sizes.length, { axis, split: sizes });
    return this.multi('Split', [x, this.ints(...sizes)], sizes.length, { axis });
  }

  squeeze(op: 'Squeeze' | 'Unsqueeze', x: string, axes: readonly number[]): string {
    return this.opset < 13 ? this.node(op, [x], { axes }) : this.node(op, [x, this.ints(...axes)]);
  }

  reduce(op: string, x: string, axes: readonly number[], keepdims = 1): string {
    const since = op === 'ReduceSum' ? 13 : 18;
    if (this.opset < since) return this.node(op, [x], { axes, keepdims });
    return this.node(op, [x, this.ints(...axes)], { keepdims });
  }

  pad(x: string, pads: readonly number[]): string {
    return this.opset < 11 ? this.node('Pad', [x], { pads }) : this.node('Pad', [x, this.ints(...pads)]);
  }

  slice(x: string, axis: number, start: number, end: number, step = 1): string {
    if (this.opset < 10) return this.node('Slice', [x], { axes: [axis], starts: [start], ends: [end] });
    const inputs = [x, this.ints(start), this.ints(end), this.ints(axis)];
    return this.node('Slice', step === 1 ? inputs : [...inputs, this.ints(step)]);
  }

  clip(x: string, min: number, max: number): string {
    if (this.opset < 11) return this.node('Clip', [x], { min: { float: min }, max: { float: max } });
    return this.node('Clip', [x, this.floats([min], []), this.floats([max], [])]);
  }

  /** The size of one axis, as a list of one. */
  size(x: string, axis: number): string {
    return this.slice(this.node('Shape', [x]), 0, axis, axis + 1);
  }

  /** The sizes of a value, with some axes written down instead. */
  sizes(x: string, written: Readonly<Record<number, number>> = {}): string {
    const parts = Array.from({ length: 4 }, (_, axis) =>
      written[axis] === undefined ? this.size(x, axis) : this.ints(written[axis]),
    );
    return this.node('Concat', parts, { axis: 0 });
  }

  /** Twice as high and wide. */
  upsample(x: string): string {
    const mode = this.one(['nearest', 'linear']);
    const twice = 2 * SIZE;
    const channels = this.channels(x);
    if (this.opset >= 11 && this.pick(2)) {
      const empty = this.opset < 13 ? this.floats([]) : '';
      const written = { ...(this.pick(2) ? { 1: channels } : {}), 2: twice, 3: twice };
      return this.node('Resize', [x, empty, empty, this.sizes(x, written)], { mode });
    }
    const scales = this.floats([1, 1, 2, 2]);
    if (this.opset < 10) return this.node('Upsample', [x, scales], { mode });
    if (this.opset < 11) return this.node('Resize', [x, scales], { mode });
    return this.node('Resize', [x, this.opset < 13 ? this.floats([]) : '', scales], { mode });
  }

  /** From 8 × 8 back to 4 × 4. */
  pool(x: string, channels: number): string {
    const op = this.one(['MaxPool', 'AveragePool']);
    return this.full(this.node(op, [x], { kernel_shape: [2, 2], strides: [2, 2] }), channels);
  }

  /** A value in another order of axes for a while. */
  lastly(x: string, work: (last: string) => string, channels: number): string {
    const back = work(this.node('Transpose', [x], { perm: [0, 2, 3, 1] }));
    return this.full(this.node('Transpose', [back], { perm: [0, 3, 1, 2] }), channels);
  }
}
