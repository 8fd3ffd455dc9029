import { create } from '@bufbuild/protobuf';
import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, NodeProtoSchema, valueInfo } from '@kneepoint/onnx';

/** Mean and variance of each channel over rows and positions. */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Outputs of `exposeMoments` for one value, each rows × channels; without positions there is no variance within a row. */
interface Exposed {
  readonly mean: string;
  readonly variance?: string;
}

export interface MomentsGraph {
  readonly model: ModelProto;
  readonly exposed: ReadonlyMap<string, Exposed>;
}

/**
 * A copy of a model that also gives, per row and channel of each value, the mean and the variance over positions: the activations
 * themselves never leave the runtime. Variances are of centred values, so that a large mean costs no digits.
 * @param shapes of every value: N × channels × positions, or N × channels
 */
export function exposeMoments(
  model: ModelProto,
  values: readonly string[],
  shapes: ReadonlyMap<string, readonly number[]>,
): MomentsGraph {
  const copy = cloneModel(model);
  const graph = copy.graph!;
  const exposed = new Map<string, Exposed>();
  const node = (opType: string, input: string[], name: string): string => {
    graph.node.push(create(NodeProtoSchema, { name, opType, input, output: [name] }));
    return name;
  };
  for (const value of values) {
    const out = (part: string): string => `kneepoint.moments/${value}.${part}`;
    const dims = shapes.get(value)!;
    if (dims.length === 2) {
      exposed.set(value, { mean: node('Identity', [value], out('mean')) });
      continue;
    }
    const mean = node('GlobalAveragePool', [value], out('means'));
    const centred = node('Sub', [value, mean], out('centred'));
    const squares = node('GlobalAveragePool', [node('Mul', [centred, centred], out('squares'))], out('spread'));
    exposed.set(value, {
      mean: node('Flatten', [mean], out('mean')),
      variance: node('Flatten', [squares], out('variance')),
    });
  }
  for (const { mean, variance } of exposed.values()) {
    for (const name of variance === undefined ? [mean] : [mean, variance])
      graph.output.push(valueInfo(name, ['N', undefined]));
  }
  return { model: copy, exposed };
}

/** Adds up what `exposeMoments` gives, batch by batch; in float64 and around the first row, so that nothing cancels. */
export class ChannelMoments {
  readonly #channels: number;
  #rows = 0;
  #pilot: Float64Array | undefined;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  readonly #within: Float64Array;

  constructor(channels: number) {
    this.#channels = channels;
    this.#sum = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
    this.#within = new Float64Array(channels);
  }

  /** `means` and `variances`: rows × channels. */
  add(means: Float32Array, variances?: Float32Array): void {
    const channels = this.#channels;
    this.#pilot ??= Float64Array.from(means.subarray(0, channels));
    for (let i = 0; i < means.length; i++) {
      const k = i % channels;
      const apart = means[i]! - this.#pilot[k]!;
      this.#sum[k]! += apart;
      this.#squares[k]! += apart * apart;
      if (variances) this.#within[k]! += variances[i]!;
    }
    this.#rows += means.length / channels;
  }

  moments(): Moments {
    const rows = Math.max(1, this.#rows);
    const shift = this.#sum.map((sum) => sum / rows);
    return {
      mean: shift.map((value, k) => value + (this.#pilot?.[k] ?? 0)),
      variance: shift.map((value, k) =>
        Math.max(0, this.#within[k]! / rows + this.#squares[k]! / rows - value * value),
      ),
    };
  }
}
