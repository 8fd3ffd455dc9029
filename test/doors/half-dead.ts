import { DataType, elementCount, Layers, type Random, seededRandom } from '@kneepoint/onnx';

export interface HalfDeadOptions {
  readonly opset?: number;
  /** Of every weight. */
  readonly type?: DataType;
  /** Filters lie in so many equal parts (groups, halves of a split), of each of which the second half is dead. */
  readonly parts?: number;
}

/**
 * Layers of which the second half of the filters is exactly zero, so that a cut of half by l1 must leave every answer as it was. Whatever
 * is named `answer…` is whole: an answer keeps all that it has.
 */
export class HalfDead extends Layers {
  readonly type: DataType;
  private readonly drawn: Random;
  private readonly parts: number;

  constructor(seed: number, { opset, type = DataType.FLOAT, parts = 1 }: HalfDeadOptions = {}) {
    super(seed, opset === undefined ? {} : { opset });
    this.type = type;
    this.parts = parts;
    this.drawn = seededRandom(seed);
  }

  /** An input as it is declared; its shape without the batch is noted. */
  take(dims: readonly (number | string)[], { name = 'x', type = this.type } = {}): string {
    return this.note(
      this.graph.input(name, dims, type),
      dims.slice(1).map((dim) => (typeof dim === 'number' ? dim : 1)),
    );
  }

  override weight(name: string, dims: readonly number[]): string {
    return this.store(name, dims, this.filters(dims, name.startsWith('answer') ? undefined : 0));
  }

  override vector(name: string, length: number, centre: number, radius: number): string {
    const data = Float32Array.from({ length }, (_, i) => {
      const value = centre + radius * (2 * this.drawn.uniform() - 1);
      // A variance of 0 is none: what is dead has a scale and a mean of 0.
      return name.endsWith('.var') || name.startsWith('answer') || this.isAlive(i, length) ? value : 0;
    });
    return this.store(name, [length], data);
  }

  /** Weights whose filters lie along an axis; undefined where none is dead. Variance 2 / fan-in. */
  filters(dims: readonly number[], axis: number | undefined = 0): Float32Array {
    const size = elementCount(dims);
    const std = Math.sqrt((2 * dims[axis ?? 0]!) / size);
    const inner = axis === undefined ? 1 : elementCount(dims.slice(axis + 1));
    return Float32Array.from({ length: size }, (_, i) => {
      const value = std * this.drawn.normal();
      const isAlive = axis === undefined || this.isAlive(Math.floor(i / inner) % dims[axis]!, dims[axis]!);
      return isAlive ? value : 0;
    });
  }

  /** A constant of the network's type. */
  store(name: string | undefined, dims: readonly number[], data: Float32Array): string {
    return this.graph.init({ dims, type: this.type, data }, name);
  }

  /** Numbers that belong to no filter. */
  numbers(dims: readonly number[], make: (i: number) => number): string {
    return this.store(
      undefined,
      dims,
      Float32Array.from({ length: elementCount(dims) }, (_, i) => make(i)),
    );
  }

  scalar(value: number): string {
    return this.numbers([], () => value);
  }

  /** Global pool, flatten and a linear layer of five numbers, declared with a batch. */
  answer(x: string, batch: number | string = 'N', name = 'answer'): string {
    const y = this.linear(this.flatten(this.globalPool(x)), 5, name);
    return this.declare(y, [batch, 5]);
  }

  declare(y: string, dims?: readonly (number | string | undefined)[], type = this.type): string {
    return this.graph.output(y, dims, type);
  }

  private isAlive(filter: number, filters: number): boolean {
    const part = filters / this.parts;
    return filter % part < part / 2;
  }
}
