import type { TrainingStep } from '@kneepoint/autodiff';
import { rowLength, type RowSource } from '../rows/row-source.ts';
import type { TaskTerm } from '../targets/loss-terms.ts';
import type { Targets } from '../targets/targets.ts';

/** A batch as the step wants it. */
export interface Batch {
  /** By input of the step; a teacher's labels are still to be filled in. */
  readonly feeds: Record<string, Float32Array>;
  /** Images that count; what follows them in the arrays is padding of row weight 0. */
  readonly rows: number;
}

/** Makes batches: images, labels, row weights. Two sets of arrays take turns, so that the next batch is made while one trains. */
export class BatchFeeds {
  readonly #step: TrainingStep;
  readonly #source: RowSource;
  readonly #targets: Targets;
  readonly #terms: readonly TaskTerm[];
  readonly #sets: readonly Record<string, Float32Array>[];

  constructor(step: TrainingStep, source: RowSource, targets: Targets, terms: readonly TaskTerm[]) {
    this.#step = step;
    this.#source = source;
    this.#targets = targets;
    this.#terms = terms;
    this.#sets = [0, 1].map(() => this.#arrays());
  }

  /** Batch `index` of an epoch in the given order. The arrays of batch `index` − 2 are used again. */
  async prepare(order: Int32Array, epoch: number, index: number): Promise<Batch> {
    const { batch } = this.#step;
    const feeds = this.#sets[index % 2]!;
    const from = index * batch;
    const rows = Math.min(batch, order.length - from);
    // Padding repeats images of the epoch's beginning, because normalisation by the batch's statistics sees it.
    const chosen = Int32Array.from({ length: batch }, (_, i) => order[(from + i) % order.length]!);
    const mirrored = await this.#source.fill(chosen, epoch, feeds[this.#imageInput()]!);
    for (const { term, task, taught } of this.#terms) {
      const weights = feeds[`rowWeight/${term.name}`]!;
      const labels = feeds[`label/${term.name}`]!;
      const columns = task.to - task.from;
      for (let i = 0; i < batch; i++) {
        const row = chosen[i]!;
        const counts = i < rows && (taught || task.labelled[row] === 1);
        weights[i] = counts ? 1 : 0;
        if (taught) continue;
        if (counts) this.#targets.fill(task, row, mirrored[i] === 1, labels, i * columns);
        else labels.fill(0, i * columns, (i + 1) * columns);
      }
    }
    return { feeds, rows };
  }

  #imageInput(): string {
    return this.#step.inputs.find(({ role }) => role === 'image')!.name;
  }

  #arrays(): Record<string, Float32Array> {
    const { batch, inputs } = this.#step;
    const image = this.#imageInput();
    const arrays: Record<string, Float32Array> = { [image]: new Float32Array(batch * rowLength(this.#source)) };
    for (const { name, role, dims } of inputs) {
      if (role !== 'label' && role !== 'rowWeight') continue;
      arrays[name] = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    }
    return arrays;
  }
}
