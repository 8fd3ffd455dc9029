import {
  forwardGraph,
  initialState,
  nextState,
  type StepRequest,
  trainingStep,
  type TryRun,
} from '@kneepoint/autodiff';
import type { ModelProto } from '@kneepoint/onnx';
import { Graph, seededRandom } from '@kneepoint/onnx';
import { type ActualProvider, type Dense, openSession, shapesOf } from '@kneepoint/runtime';
import { CLASSES, SIZE } from './networks.ts';

export const RATE = 0.01;
export const MOMENTUM = 0.9;

export interface StepperOptions {
  readonly images: Dense;
  readonly classes: readonly number[];
  /** See `StepRequest.block`; 0 for standard operators alone. */
  readonly block?: number;
  readonly provider?: ActualProvider;
  readonly threads?: number;
  /** Width of the first output. */
  readonly outputs?: number;
}

/** A network that is being trained on one batch over and over. */
export interface Stepper {
  /** One step; the loss before it. */
  step(): Promise<number>;
  /** The forward half alone, weights as inputs. */
  forward(): Promise<void>;
  /** What the next step starts from, by input of the step graph. */
  state(): Readonly<Record<string, Dense>>;
  release(): Promise<void>;
}

/** Cross-entropy, SGD with momentum, batch normalisation in training mode. */
export async function stepper(model: ModelProto, options: StepperOptions): Promise<Stepper> {
  const { images, classes, block = 0, provider = 'cpu', threads, outputs = CLASSES } = options;
  const request: StepRequest = {
    model,
    shapes: await shapesOf(model, { input: images }),
    trainable: 'all',
    batchNorm: 'train',
    block,
    target: provider,
    loss: [{ kind: 'categorical', name: 'class', output: new Graph(model).outputs[0]!.name }],
    optimizer: { kind: 'sgd', momentum: MOMENTUM },
  };
  const made = trainingStep(request);
  const open = (graph: ModelProto) => openSession(graph, { provider, ...(threads === undefined ? {} : { threads }) });
  const stepping = await open(made.model);
  const alone = await open(forwardGraph(request).model);
  const image = made.inputs.find(({ role }) => role === 'image')!.name;
  const rows = classes.length;
  const oneHot = new Float32Array(rows * outputs);
  classes.forEach((of, row) => (oneHot[row * outputs + of] = 1));
  const given: Record<string, Dense> = {
    [image]: images,
    'label/class': { dims: [rows, outputs], data: oneHot },
    'rowWeight/class': { dims: [rows], data: new Float32Array(rows).fill(1) },
    lr: { dims: [], data: Float32Array.of(RATE) },
  };
  const dims = new Map([...made.weights, ...made.slots].map((part) => [part.input, part.dims]));
  let state: Record<string, Dense> = Object.fromEntries(
    Object.entries(initialState(made, model)).map(([name, data]) => [name, { dims: dims.get(name)!, data }]),
  );
  return {
    async step() {
      const results = await stepping.run({ ...given, ...state });
      state = nextState(made, results);
      return Number(results[made.outputs.loss]!.data[0]);
    },
    async forward() {
      await alone.run({ ...given, ...state });
    },
    state: () => state,
    async release() {
      await Promise.all([stepping.release(), alone.release()]);
    },
  };
}

/** Runs a graph once, for `blockOf`. */
export async function runOnce(...[model, feeds]: Parameters<TryRun>): Promise<Float32Array> {
  const session = await openSession(model);
  const results = await session.run(feeds);
  await session.release();
  return results[session.outputs[0]!.name]!.data as Float32Array;
}

/** Seeded noise in place of pictures, batch × 3 × size × size. */
export function randomImages(batch: number, size: number = SIZE): Dense & { readonly data: Float32Array } {
  const random = seededRandom(2);
  const dims = [batch, 3, size, size];
  return { dims, data: Float32Array.from({ length: batch * 3 * size * size }, () => random.normal()) };
}

/** Labels for them. */
export function classesOf(batch: number): readonly number[] {
  return Array.from({ length: batch }, (_, i) => (7 * i) % CLASSES);
}
