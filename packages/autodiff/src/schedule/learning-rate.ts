import { Failure } from '@kneepoint/failures';

/** How the learning rate goes over a training; `warmUp` steps rise to it in a straight line first. */
export type Schedule = ConstantSchedule | StepSchedule | CosineSchedule;

interface ScheduleBase {
  /** The learning rate after warming up. */
  readonly rate: number;
  /** Steps of warming up; step k of them has rate · k / warmUp. Default 0. */
  readonly warmUp?: number;
}

export interface ConstantSchedule extends ScheduleBase {
  readonly kind: 'constant';
}

/** Multiplied by `factor` at each of the milestones, given as fractions of all steps. */
export interface StepSchedule extends ScheduleBase {
  readonly kind: 'step';
  /** Default 0.1. */
  readonly factor?: number;
  /** Default [0.5, 0.75]. */
  readonly milestones?: readonly number[];
}

/** Half a cosine from `rate` to `floor` · rate (Loshchilov and Hutter 2017, without restarts). */
export interface CosineSchedule extends ScheduleBase {
  readonly kind: 'cosine';
  /** Fraction of the rate that is left at the end. Default 0. */
  readonly floor?: number;
}

const SHAPES: { readonly [K in Schedule['kind']]: (schedule: Extract<Schedule, { kind: K }>, done: number) => number } =
  {
    constant: () => 1,
    step: ({ factor = 0.1, milestones = [0.5, 0.75] }, done) =>
      factor ** milestones.filter((milestone) => done >= milestone).length,
    cosine: ({ floor = 0 }, done) => floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2,
  };

/**
 * The learning rate of a step.
 * @param step 1 for the first, `totalSteps` for the last
 * @throws TRAINING_OPTION_INVALID
 */
export function learningRate(schedule: Schedule, step: number, totalSteps: number): number {
  const { rate, warmUp = 0 } = schedule;
  if (!(Number.isFinite(rate) && rate > 0)) throw invalid(`the learning rate is ${rate}`, 'a number above 0');
  if (!(warmUp >= 0 && warmUp < totalSteps)) {
    throw invalid(`${warmUp} of ${totalSteps} steps warm up`, 'fewer steps than the training has');
  }
  if (step <= warmUp) return rate * (step / warmUp);
  // The first step after warming up has the whole rate; the end of a cosine is reached one step after the last.
  const done = Math.min(1, (step - 1 - warmUp) / (totalSteps - warmUp));
  const shape = SHAPES[schedule.kind] as (schedule: Schedule, done: number) => number;
  return rate * shape(schedule, done);
}

function invalid(problem: string, fix: string): Failure {
  return new Failure('TRAINING_OPTION_INVALID', problem, { where: 'schedule', fix });
}
