import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { Failure } from '@kneepoint/failures';
import type { TypedArray } from '@kneepoint/onnx';
import { elementCount } from '@kneepoint/onnx';
import type { Ort } from './ort.ts';
import { ortFailure } from './ort-failure.ts';
import type { ActualProvider } from './provider.ts';

/** A dense array that goes into or comes out of a model; `data` is row-major. float16 comes as its 16-bit codes. */
export interface Dense {
  readonly data: TypedArray;
  readonly dims: readonly number[];
}

/** An input or output of a loaded model. */
export interface Port {
  readonly name: string;
  /** ONNX Runtime's word for the element type: float32, int64, bool, ... */
  readonly type: string;
  /** Numbers are fixed, strings (possibly empty) free. */
  readonly dims: readonly (number | string)[];
}

/** A model that is ready to run. */
export interface Session {
  readonly inputs: readonly Port[];
  /** Tensor outputs; sequences, maps and strings are left out. */
  readonly outputs: readonly Port[];
  /** What it runs on. */
  readonly provider: ActualProvider;
  /**
   * Runs the model once; blocks the thread meanwhile. `fetch` limits the outputs, by default all. Throws RUNTIME_FEED_INVALID,
   * RUNTIME_RUN_FAILED, RUNTIME_MEMORY_LIMIT.
   */
  run(feeds: Readonly<Record<string, Dense>>, fetch?: readonly string[]): Promise<Record<string, Dense>>;
  release(): Promise<void>;
}

/** A session of ONNX Runtime. */
export class OrtSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly provider: ActualProvider;
  private readonly inner: InferenceSession;
  private readonly ort: Ort;

  /** @param hidden outputs that no one asked for */
  constructor(inner: InferenceSession, provider: ActualProvider, ort: Ort, hidden: ReadonlySet<string> = new Set()) {
    this.inner = inner;
    this.ort = ort;
    this.provider = provider;
    this.inputs = inner.inputMetadata.flatMap(port);
    this.outputs = inner.outputMetadata.filter(({ name }) => !hidden.has(name)).flatMap(port);
  }

  async run(feeds: Readonly<Record<string, Dense>>, fetch?: readonly string[]): Promise<Record<string, Dense>> {
    const tensors = Object.fromEntries(this.inputs.map((input) => [input.name, this.tensor(input, feeds[input.name])]));
    const names = fetch ?? this.outputs.map(({ name }) => name);
    const results = await this.inner.run(tensors, names).catch((error: unknown) => {
      throw ortFailure('RUNTIME_RUN_FAILED', error);
    });
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => {
        const { data, dims } = value;
        return [name, { data: data as TypedArray, dims }];
      }),
    );
  }

  async release(): Promise<void> {
    await this.inner.release();
  }

  private tensor({ name, type, dims }: Port, given: Dense | undefined): OrtTensor {
    const where = `input ${name}`;
    const takes = `${type} of [${dims.map((dim) => dim || '?').join(', ')}]`;
    if (!given) throw new Failure('RUNTIME_FEED_INVALID', 'nothing was fed', { where, fix: `feed ${takes}` });
    const shown = `[${given.dims.join(', ')}]`;
    if (elementCount(given.dims) !== given.data.length) {
      throw new Failure('RUNTIME_FEED_INVALID', `${shown} does not hold ${given.data.length} elements`, { where });
    }
    const fits =
      given.dims.length === dims.length &&
      given.dims.every((dim, axis) => typeof dims[axis] === 'string' || dims[axis] === dim);
    if (!fits) throw new Failure('RUNTIME_FEED_INVALID', `${shown} was fed`, { where, fix: `feed ${takes}` });
    try {
      return new this.ort.Tensor(type as OrtTensor.Type, given.data as OrtTensor.DataType, given.dims);
    } catch (cause) {
      throw new Failure('RUNTIME_FEED_INVALID', `${given.data.constructor.name} was fed: ${(cause as Error).message}`, {
        where,
        fix: `feed ${takes}`,
        cause,
      });
    }
  }
}

function port(value: InferenceSession.ValueMetadata): Port[] {
  if (!value.isTensor || value.type === 'string') return [];
  return [{ name: value.name, type: value.type, dims: value.shape.map((dim) => dim ?? '') }];
}
