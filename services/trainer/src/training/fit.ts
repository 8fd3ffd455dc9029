import type { TrainingStep } from '@kneepoint/autodiff';
import type { ActualProvider } from '@kneepoint/runtime';
import type { FinetunePosition, TrainingSettings } from '@kneepoint/workflow';
import type { TaskTerm } from '../targets/loss-terms.ts';
import type { TeacherAnswers } from '../targets/teacher-answers.ts';
import type { Weights } from './averages.ts';
import type { CheckpointContent } from './checkpoint-file.ts';
import type { Counters } from './counters.ts';
import { Fitting, startOf } from './fitting.ts';
import type { FreshStatistics } from './fresh-statistics.ts';
import type { JudgeRequest } from './judge-weights.ts';
import { StepSession } from './step-session.ts';

export interface FitRequest extends JudgeRequest {
  readonly step: TrainingStep;
  readonly terms: readonly TaskTerm[];
  readonly settings: TrainingSettings;
  readonly teacher?: TeacherAnswers | undefined;
  /** Weights in which training begins otherwise than the subject's model. */
  readonly start?: Weights | undefined;
  /**
   * Weights in which the network as it came differs from the subject's model: it is judged as epoch 0, and kept if no epoch is better.
   * Absent where nothing was learned yet.
   */
  readonly given?: Weights | undefined;
  /** Where normalisations go by their batch. */
  readonly statistics?: FreshStatistics | undefined;
  readonly resume?: CheckpointContent | undefined;
}

/** What the task tells its parent: a file to be stored before it goes on. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly path: string;
  readonly position: FinetunePosition;
}

export interface Fitted {
  /** By initializer of the model: the best epoch's weights and running statistics. */
  readonly weights: Weights;
  readonly counters: Counters;
  readonly stoppedEarly: boolean;
  readonly steps: number;
  readonly provider: ActualProvider;
}

/**
 * Trains until the epochs are over or patience is. What is judged after each epoch is the average of the weights over the last steps. A
 * training that leaves all bounds begins again at half the rate. Follows from the request alone, bit for bit, however often it was
 * interrupted: order and augmentation come from seed, epoch and image, and a checkpoint holds the rest.
 * Throws TRAINING_DIVERGED, CHECKPOINT_NOT_WRITTEN, the signal's reason.
 */
export async function fit(request: FitRequest): Promise<Fitted> {
  const { step, subject, settings, context } = request;
  const { provider } = context;
  const session = await StepSession.open(step, subject.model, {
    provider,
    seed: settings.seed,
    state: startOf(request),
  });
  const fitting = new Fitting(request, session);
  try {
    return await fitting.run();
  } catch (error) {
    // Aborted between two steps or while it validates: what was done so far is whole, and worth more than the last checkpoint.
    if (context.signal.aborted && error === context.signal.reason) await fitting.save();
    throw error;
  } finally {
    await session.release();
  }
}
