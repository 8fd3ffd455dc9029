import type { ModelProto } from '@kneepoint/onnx';
import { DataType, elementCount, seededRandom } from '@kneepoint/onnx';
import type { Dense, Session } from '@kneepoint/runtime';
import { openSession, shapesOf } from '@kneepoint/runtime';
import { hyperparameters } from '../../optimizer/index.ts';
import { initialState, nextState } from '../state.ts';
import type { StepRequest } from '../request.ts';
import type { TrainingStep } from '../training-step.ts';
import { trainingStep } from '../training-step.ts';

type Numbers = Readonly<Record<string, ArrayLike<number>>>;

/** A training step with a session to run it in, and its state between runs. */
export class RunningStep {
  readonly step: TrainingStep;
  state: Record<string, Float32Array>;
  private readonly session: Session;
  private count = 0;

  private constructor(step: TrainingStep, session: Session, state: Record<string, Float32Array>) {
    this.step = step;
    this.session = session;
    this.state = state;
  }

  /** Measures the model's shapes at the batch of `image` and opens its step. */
  static async open(request: Omit<StepRequest, 'shapes'>, image: readonly number[]): Promise<RunningStep> {
    const shapes = await measured(request.model, image);
    const step = trainingStep({ ...request, shapes });
    const session = await openSession(step.model, { threads: 1 });
    return new RunningStep(step, session, initialState(step, request.model));
  }

  /** One step; `feeds` by input name (row weights are 1 where left out). Gives every output by name. */
  async run(feeds: Numbers, learningRate = 0.01): Promise<Record<string, Float32Array>> {
    const { step } = this;
    const scalars = hyperparameters(step.optimizer, ++this.count, learningRate);
    const random = seededRandom(this.count);
    const inputs: Record<string, Dense> = {};
    for (const { name, dims, role } of step.inputs) {
      const count = elementCount(dims);
      const data =
        role === 'hyperparameter'
          ? [scalars[name]!]
          : role === 'noise'
            ? Array.from({ length: count }, () => random.uniform())
            : (feeds[name] ?? new Array<number>(count).fill(1));
      inputs[name] = { dims, data: this.typed(data) };
    }
    for (const { input, dims } of [...step.weights, ...step.slots]) {
      inputs[input] = { dims, data: this.typed(this.state[input]!) };
    }
    const results = await this.session.run(inputs);
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
    );
    this.state = nextState(step, outputs);
    return outputs;
  }

  async loss(feeds: Numbers, learningRate?: number): Promise<number> {
    return (await this.run(feeds, learningRate))[this.step.outputs.loss]![0]!;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private typed(data: ArrayLike<number>): Float32Array | Float64Array {
    return this.step.float === DataType.DOUBLE ? Float64Array.from(data) : Float32Array.from(data);
  }
}

/** Every value's shape for a batch of the image's dimensions. */
export async function measured(model: ModelProto, dims: readonly number[]): Promise<ReadonlyMap<string, number[]>> {
  return shapesOf(model, { input: { dims, data: new Float32Array(elementCount(dims)) } });
}
