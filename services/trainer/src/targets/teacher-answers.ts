import { Failure } from '@kneepoint/failures';
import { openResponses, writeResponses } from '@kneepoint/runtime';
import { isValue, type TaskColumns, type Targets } from './targets.ts';

const column = (copy: number): string => `variant ${copy}`;

/**
 * Stores a network's answers as an Arrow file; see `TeachOutput`.
 * @param answers by variant, images of the data set × width; NaN for images that were not asked about
 */
export async function writeAnswers(path: string, answers: readonly Float32Array[], width: number): Promise<void> {
  const taps = answers.map((_, copy) => ({ layer: column(copy), value: 'answers', channels: width }));
  const responses = new Map(answers.map((values, copy) => [column(copy), values]));
  await writeResponses(path, { taps, from: 0, responses });
}

/** What another network answers to the variants of the training images, in the training scale. */
export class TeacherAnswers {
  readonly #targets: Targets;
  readonly #copies: readonly Float32Array[];

  private constructor(targets: Targets, copies: readonly Float32Array[]) {
    this.#targets = targets;
    this.#copies = copies;
  }

  /**
   * Reads a file of `writeAnswers`. Throws TRAINING_OPTION_INVALID where it is about other images, other targets or another number of
   * variants than the training draws.
   */
  static async open(path: string, targets: Targets, train: Int32Array, copies: number): Promise<TeacherAnswers> {
    const stored = await openResponses(path);
    const { taps, rows } = stored;
    const { width } = targets;
    const columns = taps.filter(({ channels }) => channels === width).map(({ layer }) => stored.column(layer));
    const answered = (row: number): boolean =>
      row < rows && columns.every((values) => !Number.isNaN(values[row * width]));
    if (columns.length !== copies || taps.length !== copies || !train.every(answered)) {
      throw new Failure(
        'TRAINING_OPTION_INVALID',
        'the teacher answered to other images, other variants or other tasks',
        {
          where: 'distill.answers',
          fix: `answers to ${copies} variants of the ${train.length} training images, ${width} each: the same tasks, split and augmentation`,
        },
      );
    }
    return new TeacherAnswers(targets, columns);
  }

  /** The teacher's answers for one task to a variant of one image into `out` at `offset`. */
  fill({ spec, from, to }: TaskColumns, row: number, copy: number, out: Float32Array, offset: number): void {
    const { width, mean, deviation } = this.#targets;
    const start = row * width;
    const answers = this.#copies[copy]!;
    for (let k = from; k < to; k++) {
      const answer = answers[start + k]!;
      out[offset + k - from] = isValue(spec) ? (answer - mean[k]!) / deviation[k]! : answer;
    }
  }
}
