import type { TaskContext } from '@kneepoint/runtime';
import type { Subject } from '../network/subject.ts';
import { answersOf } from '../rows/answers.ts';
import type { Parts } from '../targets/parts.ts';
import type { Targets } from '../targets/targets.ts';
import { totalLoss } from '../targets/validation-loss.ts';
import type { Weights } from './averages.ts';
import { validationMetric } from './judge-epoch.ts';

export interface JudgeRequest {
  readonly subject: Subject;
  readonly targets: Targets;
  readonly parts: Parts;
  readonly context: TaskContext;
}

export interface Judged {
  readonly validationLoss: number;
  readonly metric: number;
}

/** What weights are worth on validation; undefined where they or what they answer is not finite. */
export async function judgeWeights(
  { subject, targets, parts, context }: JudgeRequest,
  weights: Weights,
): Promise<Judged | undefined> {
  if (![...weights.values()].every((values) => values.every(Number.isFinite))) return undefined;
  const { provider, signal } = context;
  const { values } = await answersOf({
    model: subject.judged(weights),
    rows: parts.validation,
    source: subject.source,
    batch: subject.evaluationBatch,
    provider,
    signal,
  });
  if (!values.every(Number.isFinite)) return undefined;
  return {
    validationLoss: totalLoss(targets, Float64Array.from(values), parts.validation),
    metric: validationMetric(targets, values, parts),
  };
}

/** The loss on validation of answering the mean, or that all classes are as likely. */
export function constantLoss({ targets, parts }: Pick<JudgeRequest, 'targets' | 'parts'>): number {
  return totalLoss(targets, new Float64Array(parts.validation.length * targets.width), parts.validation);
}
