import { hyperparameters, initialState, nextState, type TrainingStep } from '@kneepoint/autodiff';
import { elementCount, type ModelProto } from '@kneepoint/onnx';
import { type ActualProvider, type Dense, openSession, type Provider, type Session } from '@kneepoint/runtime';
import { stepNoise } from './order.ts';

/** Weights, running statistics and what the optimizer remembers, by input of the step. */
export type State = Record<string, Float32Array>;

export interface StepOutcome {
  /** Over this batch, before the step. */
  readonly loss: number;
  readonly gradNorm: number;
}

/** A step of training that is loaded, and the state that goes through it. */
export class StepSession {
  readonly step: TrainingStep;
  readonly provider: ActualProvider;
  readonly #session: Session;
  readonly #seed: number;
  #state: State;

  private constructor(step: TrainingStep, session: Session, state: State, seed: number) {
    this.step = step;
    this.provider = session.provider;
    this.#session = session;
    this.#state = state;
    this.#seed = seed;
  }

  /** `state`: where to go on; without it the step begins with the weights of `model`. */
  static async open(
    step: TrainingStep,
    model: ModelProto,
    {
      provider,
      seed,
      state,
    }: { readonly provider: Provider; readonly seed: number; readonly state?: State | undefined },
  ): Promise<StepSession> {
    const session = await openSession(step.model, { provider });
    return new StepSession(step, session, state ?? initialState(step, model), seed);
  }

  /** Arrays of the current state. Never write to them; the next step makes others. */
  get state(): State {
    return this.#state;
  }

  /** Goes on from another state. */
  restart(state: State): void {
    this.#state = state;
  }

  /**
   * One step. `feeds`: image, labels and row weights by input.
   * @param number 1 for the first of the training
   */
  async run(feeds: Readonly<Record<string, Float32Array>>, number: number, learningRate: number): Promise<StepOutcome> {
    const { step } = this;
    const all: Record<string, Dense> = {};
    step.inputs.forEach(({ name, dims, role }, i) => {
      const data = role === 'noise' ? stepNoise(elementCount(dims), this.#seed, number, i) : feeds[name];
      if (data) all[name] = { data, dims };
    });
    for (const [name, value] of Object.entries(hyperparameters(step.optimizer, number, learningRate))) {
      all[name] = { data: Float32Array.of(value), dims: [] };
    }
    for (const { input, dims } of [...step.weights, ...step.slots]) all[input] = { data: this.#state[input]!, dims };
    const { loss, gradNorm } = step.outputs;
    const wanted = [loss, gradNorm, ...[...step.weights, ...step.slots].map(({ output }) => output)];
    const results = await this.#session.run(all, wanted);
    const next = nextState(step, results);
    this.#state = Object.fromEntries(Object.entries(next).map(([name, { data }]) => [name, data as Float32Array]));
    return { loss: numberOf(results[loss]), gradNorm: numberOf(results[gradNorm]) };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function numberOf(value: Dense | undefined): number {
  return Number(value?.data[0]);
}
