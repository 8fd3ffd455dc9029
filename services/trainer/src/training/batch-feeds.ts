import type { TrainingStep } from '@kneepoint/autodiff';
import type { TrainingSettings } from '@kneepoint/workflow';
import { drawCopies } from '../rows/copies.ts';
import { rowLength, type RowSource } from '../rows/row-source.ts';
import type { TaskTerm } from '../targets/loss-terms.ts';
import type { TeacherAnswers } from '../targets/teacher-answers.ts';
import type { Targets } from '../targets/targets.ts';

/** A batch as the step wants it. */
export interface Batch {
  /** By input of the step. */
  readonly feeds: Record<string, Float32Array>;
  /** Images that count; what follows them in the arrays is padding of row weight 0. */
  readonly rows: number;
}

export interface FeedsRequest {
  readonly step: TrainingStep;
  readonly source: RowSource;
  readonly targets: Targets;
  readonly terms: readonly TaskTerm[];
  readonly settings: Pick<TrainingSettings, 'augment' | 'seed'>;
  /** Needed where a term is taught. */
  readonly teacher?: TeacherAnswers | undefined;
}

/** Makes batches: images, labels, a teacher's answers, row weights. Two sets of arrays take turns, so that the next batch is made while one trains. */
export class BatchFeeds {
  readonly #request: FeedsRequest;
  readonly #sets: readonly Record<string, Float32Array>[];

  constructor(request: FeedsRequest) {
    this.#request = request;
    this.#sets = [0, 1].map(() => this.#arrays());
  }

  /** Batch `index` of an epoch in the given order. The arrays of batch `index` − 2 are used again. */
  async prepare(order: Int32Array, epoch: number, index: number): Promise<Batch> {
    const { step, source, targets, terms, settings, teacher } = this.#request;
    const { batch } = step;
    const feeds = this.#sets[index % 2]!;
    const from = index * batch;
    const rows = Math.min(batch, order.length - from);
    // Padding repeats images of the epoch's beginning, because normalisation by the batch's statistics sees it.
    const chosen = Int32Array.from({ length: batch }, (_, i) => order[(from + i) % order.length]!);
    const copies = drawCopies(chosen, epoch, settings);
    const mirrored = await source.fill(chosen, copies, feeds[this.#imageInput()]!);
    for (const { term, task, taught } of terms) {
      const weights = feeds[`rowWeight/${term.name}`]!;
      const labels = feeds[`label/${term.name}`]!;
      const columns = task.to - task.from;
      for (let i = 0; i < batch; i++) {
        const row = chosen[i]!;
        // A teacher answers to images without a label as well.
        const counts = i < rows ? (taught ? 1 : targets.known(task, row)) : 0;
        weights[i] = counts;
        if (counts === 0) labels.fill(0, i * columns, (i + 1) * columns);
        else if (taught) teacher!.fill(task, row, copies[i]!, labels, i * columns);
        else targets.fill(task, row, mirrored[i] === 1, labels, i * columns);
      }
    }
    return { feeds, rows };
  }

  #imageInput(): string {
    return this.#request.step.inputs.find(({ role }) => role === 'image')!.name;
  }

  #arrays(): Record<string, Float32Array> {
    const { batch, inputs } = this.#request.step;
    const image = this.#imageInput();
    const arrays: Record<string, Float32Array> = { [image]: new Float32Array(batch * rowLength(this.#request.source)) };
    for (const { name, role, dims } of inputs) {
      if (role !== 'label' && role !== 'rowWeight') continue;
      arrays[name] = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    }
    return arrays;
  }
}
