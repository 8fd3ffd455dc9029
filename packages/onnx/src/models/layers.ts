import { Failure } from '@kneepoint/failures';
import { GraphBuilder } from '../builder.ts';
import type { ModelProto } from '../proto.ts';
import type { Random } from '../random.ts';
import { seededRandom } from '../random.ts';
import { droppedTensor } from '../skeleton.ts';
import { elementCount, floatTensor } from '../tensor.ts';

/** Where weights come from: He-initialised, all zero, or known by their dimensions alone. */
export type Weights = 'he' | 'zeros' | 'dropped';

/** Along height and width; one number for both. */
export type Extent = number | readonly [number, number];

export interface LayerOptions {
  readonly kernel?: Extent;
  readonly stride?: number;
  /** Zeros at either end. Default: the size stays at stride 1. */
  readonly pad?: Extent;
  readonly group?: number;
  readonly bias?: boolean;
  readonly name?: string;
}

export interface PoolOptions {
  readonly kernel?: number;
  /** Default: the kernel. */
  readonly stride?: number;
  readonly pad?: number;
  /** Counts a window that is only partly inside. */
  readonly ceil?: boolean;
}

/**
 * Layers with weights on top of GraphBuilder: keeps the shape of every value (C × H × W, or features) and draws weights from a
 * seeded generator, He et al. 2015 (variance 2 / fan-in). Biases and normalisation statistics are drawn too, away from their
 * trivial values, so that a test which forgets one of them fails.
 */
export class Layers {
  readonly graph: GraphBuilder;
  private readonly shapes = new Map<string, readonly number[]>();
  private readonly random: Random;
  private readonly weights: Weights;

  constructor(
    seed: number,
    options: { readonly weights?: Weights; readonly opset?: number; readonly name?: string } = {},
  ) {
    this.graph = new GraphBuilder(options);
    this.random = seededRandom(seed);
    this.weights = options.weights ?? 'he';
  }

  /** The image input, N × channels × height × width. */
  image(channels: number, height: number, width = height): string {
    return this.note(this.graph.input('image', ['N', channels, height, width]), [channels, height, width]);
  }

  /** The shape of a value without its batch. */
  shape(value: string): readonly number[] {
    const shape = this.shapes.get(value);
    if (!shape) throw new Failure('MODEL_BUILD', `the shape of ${value} was not noted`);
    return shape;
  }

  /** Says what shape a value has that was made with `graph` directly. */
  note(value: string, shape: readonly number[]): string {
    this.shapes.set(value, shape);
    return value;
  }

  /** Convolution; keeps the size unless told otherwise. */
  conv(x: string, out: number, options: LayerOptions = {}): string {
    const { stride = 1, group = 1, bias = true } = options;
    const kernel = pair(options.kernel ?? 3);
    const pad = pair(options.pad ?? [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2]);
    const [channels = 1, ...space] = this.shape(x);
    const name = options.name ?? `conv${this.count('conv')}`;
    const inputs = [x, this.weight(`${name}.weight`, [out, channels / group, ...kernel])];
    if (bias) inputs.push(this.vector(`${name}.bias`, out, 0, 0.1));
    const attributes = { kernel_shape: kernel, strides: [stride, stride], pads: [...pad, ...pad], group };
    const size = space.map((length, axis) => windows(length + 2 * pad[axis]!, kernel[axis]!, stride));
    return this.note(this.graph.node('Conv', inputs, attributes, name), [out, ...size]);
  }

  /** Batch normalisation with statistics away from 0 and 1. */
  batchNorm(x: string): string {
    const channels = this.shape(x)[0] ?? 1;
    const name = `bn${this.count('bn')}`;
    const parts = [
      this.vector(`${name}.scale`, channels, 1, 0.4),
      this.vector(`${name}.bias`, channels, 0, 0.2),
      this.vector(`${name}.mean`, channels, 0, 0.2),
      this.vector(`${name}.var`, channels, 1, 0.4),
    ];
    return this.same(x, this.graph.node('BatchNormalization', [x, ...parts], {}, name));
  }

  relu(x: string): string {
    return this.same(x, this.graph.relu(x));
  }

  /** Convolution, batch normalisation, ReLU. */
  block(x: string, out: number, options: LayerOptions = {}): string {
    return this.relu(this.batchNorm(this.conv(x, out, { bias: false, ...options })));
  }

  /** Halves the size unless told otherwise. */
  maxPool(x: string, options: PoolOptions = {}): string {
    return this.pool('MaxPool', x, options);
  }

  averagePool(x: string, options: PoolOptions = {}): string {
    return this.pool('AveragePool', x, options);
  }

  /** C × H × W to C × 1 × 1. */
  globalPool(x: string): string {
    return this.note(this.graph.globalAveragePool(x), [this.shape(x)[0] ?? 1, 1, 1]);
  }

  flatten(x: string): string {
    return this.note(this.graph.flatten(x), [elementCount(this.shape(x))]);
  }

  linear(x: string, out: number, name = `fc${this.count('fc')}`): string {
    const features = this.shape(x)[0] ?? 1;
    const inputs = [x, this.weight(`${name}.weight`, [out, features]), this.vector(`${name}.bias`, out, 0, 0.1)];
    return this.note(this.graph.node('Gemm', inputs, { transB: 1 }, name), [out]);
  }

  /** An operator that keeps the shape of its first input. */
  pointwise(op: string, inputs: readonly string[], attributes = {}): string {
    return this.same(inputs[0] ?? '', this.graph.node(op, inputs, attributes));
  }

  /** Values joined along their channels. */
  concat(values: readonly string[]): string {
    const [, ...rest] = this.shape(values[0] ?? '');
    const channels = values.reduce((sum, value) => sum + (this.shape(value)[0] ?? 0), 0);
    return this.note(this.graph.node('Concat', values, { axis: 1 }), [channels, ...rest]);
  }

  /** Global pool, flatten and one linear layer per entry: output name to number of outputs. */
  heads(x: string, heads: Readonly<Record<string, number>>): void {
    const features = this.flatten(this.globalPool(x));
    for (const [name, outputs] of Object.entries(heads)) this.output(this.linear(features, outputs, name));
  }

  output(value: string): void {
    this.graph.output(value, ['N', ...this.shape(value)]);
  }

  build(): ModelProto {
    return this.graph.build();
  }

  /** A weight; fan-in is the product of all dimensions but the first. */
  weight(name: string, dims: readonly number[]): string {
    const std = Math.sqrt(2 / elementCount(dims.slice(1)));
    return this.draw(name, dims, () => std * this.random.normal());
  }

  /** A constant drawn evenly between centre − radius and centre + radius. */
  vector(name: string, length: number, centre: number, radius: number): string {
    return this.draw(name, [length], () => centre + radius * (2 * this.random.uniform() - 1));
  }

  private pool(op: string, x: string, { kernel = 2, stride = kernel, pad = 0, ceil = false }: PoolOptions): string {
    const [channels = 1, ...space] = this.shape(x);
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      ...(pad > 0 ? { pads: [pad, pad, pad, pad] } : {}),
      ...(ceil ? { ceil_mode: 1 } : {}),
    };
    const size = space.map((length) => windows(length + 2 * pad, kernel, stride, ceil));
    return this.note(this.graph.node(op, [x], attributes), [channels, ...size]);
  }

  private draw(name: string, dims: readonly number[], next: () => number): string {
    if (this.weights === 'dropped') return this.graph.initProto(droppedTensor(name, dims));
    const data = new Float32Array(elementCount(dims));
    if (this.weights === 'he') for (let i = 0; i < data.length; i++) data[i] = next();
    return this.graph.init(floatTensor(dims, data), name);
  }

  private same(x: string, value: string): string {
    return this.note(value, this.shape(x));
  }

  private readonly counts = new Map<string, number>();

  private count(stem: string): number {
    const next = (this.counts.get(stem) ?? 0) + 1;
    this.counts.set(stem, next);
    return next;
  }
}

function pair(extent: Extent): readonly [number, number] {
  return typeof extent === 'number' ? [extent, extent] : extent;
}

/** Positions of a window of `kernel` along `length`. */
function windows(length: number, kernel: number, stride: number, ceil = false): number {
  const steps = (length - kernel) / stride;
  return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
}
