import type { ModelProto } from '@kneepoint/onnx';
import { openSession, type Provider, type Session } from '@kneepoint/runtime';
import type { RowSource } from '../rows/row-source.ts';
import type { TaskTerm } from '../targets/loss-terms.ts';
import type { Batch } from './batch-feeds.ts';

/** A network whose answers are labels. It answers to the very images that the student sees, shifted and mirrored as they are. */
export class Teacher {
  readonly #session: Session;
  readonly #output: string;
  readonly #input: string;

  private constructor(session: Session, output: string) {
    this.#session = session;
    this.#output = output;
    this.#input = session.inputs[0]!.name;
  }

  /** `model` answers in the training scale. */
  static async open(model: ModelProto, provider: Provider): Promise<Teacher> {
    return new Teacher(await openSession(model, { provider }), model.graph!.output[0]!.name);
  }

  /** Fills in the labels of the terms that are taught. */
  async teach({ feeds }: Batch, { input, dims }: RowSource, terms: readonly TaskTerm[], width: number): Promise<void> {
    const data = feeds[input]!;
    const rows = data.length / dims.reduce((product, dim) => product * dim, 1);
    const results = await this.#session.run({ [this.#input]: { data, dims: [rows, ...dims] } }, [this.#output]);
    const answers = results[this.#output]!.data as Float32Array;
    for (const { term, task, taught } of terms) {
      if (!taught) continue;
      const labels = feeds[`label/${term.name}`]!;
      const columns = task.to - task.from;
      for (let i = 0; i < labels.length; i++) {
        labels[i] = answers[Math.floor(i / columns) * width + task.from + (i % columns)]!;
      }
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
