import type { Optimization, TaskContext } from '@kneepoint/runtime';
import { answersOf } from '../rows/answers.ts';
import type { Parts } from '../targets/parts.ts';
import type { Subject } from './subject.ts';

/** The norm of the difference of all answers, relative to their own. */
const TOLERANCE = 1e-5;
/** Rounding may move what is folded by so many times what it moves the trained network itself. */
const ROUNDING = 3;

/**
 * What is delivered must answer to the images of validation as what was trained does: the same with the normalisations folded away. Up
 * to 1e-5, or to the rounding of a network that magnifies it: the runtime folds normalisations too where it may, and how far that moves
 * the answers of the trained network is what its weights make of rounding. On the CPU, because a GPU may round products to fewer
 * digits. Resolves with the difference where it is larger, undefined where the fold is proved: layers that are scaled beyond single precision are not
 * folded, but delivered as they were trained.
 */
export async function proveFolding(
  subject: Subject,
  weights: ReadonlyMap<string, Float32Array>,
  { parts, context }: { readonly parts: Parts; readonly context: Pick<TaskContext, 'signal'> },
): Promise<number | undefined> {
  if (!subject.normalised) return undefined;
  // As it would be delivered otherwise: its head in the same units, so that rounding there is not put down to the fold.
  const trained = subject.unfolded(weights);
  const asTrained = await answers(trained, 'disabled');
  const folded = difference(asTrained, await answers(subject.judged(weights)));
  if (folded <= TOLERANCE) return undefined;
  const rounding = difference(asTrained, await answers(trained));
  return folded <= ROUNDING * rounding ? undefined : folded;

  async function answers(model: Subject['model'], optimization?: Optimization): Promise<Float32Array> {
    const { source, evaluationBatch: batch } = subject;
    const request = { model, rows: parts.validation, source, batch, provider: 'cpu', signal: context.signal } as const;
    return (await answersOf({ ...request, optimization })).values;
  }
}

/** ‖b − a‖ / ‖a‖; infinite where a number is not finite. */
function difference(a: Float32Array, b: Float32Array): number {
  const norm = (value: (i: number) => number): number => Math.sqrt(a.reduce((sum, _, i) => sum + value(i) ** 2, 0));
  const found =
    norm((i) => b[i]! - a[i]!) /
    Math.max(
      norm((i) => a[i]!),
      Number.MIN_VALUE,
    );
  return Number.isNaN(found) ? Number.POSITIVE_INFINITY : found;
}
