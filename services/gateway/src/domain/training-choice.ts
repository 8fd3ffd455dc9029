import { Failure } from '@kneepoint/failures';
import {
  type ModelReference,
  requireNoBatch,
  type TrainedArm,
  type TrainingChoice,
  type TrainingSettings,
} from '@kneepoint/workflow';
import type { OptimizerInput, ScheduleInput, TrainingInput } from '../schema/training.ts';
import { isAbsent } from './absent.ts';

const MOST_FROZEN = 1000;

/**
 * What a client chose of a training, without what it left open or wrote as null. Bounds are checked with the mode's defaults, when the
 * run is planned; here only what has no settings to be checked with. Throws TRAINING_OPTION_INVALID, LAYER_UNKNOWN.
 */
export function toTrainingChoice(
  input: TrainingInput | null | undefined,
  model: Pick<ModelReference, 'name' | 'inspection'> | null,
): TrainingChoice {
  if (isAbsent(input)) return {};
  const { optimizer, schedule, clipNorm, patience, crop, flip, copies, freeze, ...plain } = input;
  return {
    ...present(plain),
    ...(isAbsent(optimizer) ? {} : { optimizer: toOptimizer(optimizer) }),
    ...(isAbsent(schedule) ? {} : { schedule: toSchedule(schedule) }),
    ...(isAbsent(clipNorm) ? {} : { clipNorm: clipNorm === 0 ? null : clipNorm }),
    ...(isAbsent(patience) ? {} : { patience: patience === 0 ? null : patience }),
    ...([crop, flip, copies].every(isAbsent) ? {} : { augment: present({ crop, flip, copies }) }),
    ...(isAbsent(freeze) ? {} : { freeze: requireFrozen(freeze, model) }),
  };
}

/**
 * Refuses before any work what a network that runs one image at a time cannot be trained with. Throws TRAINING_OPTION_INVALID.
 */
export function requireTrainable(
  { inspection: { input } }: Pick<ModelReference, 'inspection'>,
  { batchNorm }: TrainingChoice,
  arms: readonly TrainedArm[],
): void {
  if (input.layersFree === false && batchNorm !== undefined && arms.length > 0) requireNoBatch({ batchNorm });
}

function toOptimizer(input: OptimizerInput): TrainingSettings['optimizer'] {
  return { ...present(input), kind: input.kind };
}

function toSchedule({ kind, warmupEpochs, everyEpochs, factor }: ScheduleInput): TrainingSettings['schedule'] {
  const warmup = present({ warmupEpochs });
  if (kind !== 'step') {
    const odd = isAbsent(everyEpochs) ? (isAbsent(factor) ? null : 'factor') : 'everyEpochs';
    if (odd) refuse(`schedule.${odd}`, `${odd} is of no use to a ${kind} schedule`, 'leave it out, or take STEP');
    return { kind, ...warmup };
  }
  if (isAbsent(everyEpochs))
    refuse('schedule.everyEpochs', 'everyEpochs is missing', 'say how many epochs lie between two steps');
  if (isAbsent(factor)) refuse('schedule.factor', 'factor is missing', 'say what the rate is multiplied by');
  return { kind, ...warmup, everyEpochs, factor };
}

/** Each once. Where the model is known, layers that it has. */
function requireFrozen(
  names: readonly string[],
  model: Pick<ModelReference, 'name' | 'inspection'> | null,
): readonly string[] {
  if (names.length > MOST_FROZEN) refuse('freeze', `freeze has ${names.length} entries`, `name ${MOST_FROZEN} at most`);
  const layers = model?.inspection.layers.map((layer) => layer.name) ?? null;
  const unknown = layers && names.find((name) => !layers.includes(name));
  if (layers && unknown !== undefined && unknown !== null) {
    throw new Failure('LAYER_UNKNOWN', `"${model!.name}" has no layer "${unknown.slice(0, 80)}"`, {
      where: 'training.freeze',
      fix: `Choose of: ${layers.join(', ')}.`,
    });
  }
  return [...new Set(names)];
}

function refuse(field: string, message: string, fix: string): never {
  throw new Failure('TRAINING_OPTION_INVALID', message, { where: `training.${field}`, fix });
}

type Present<T> = { [Key in keyof T]?: NonNullable<T[Key]> };

/** Without the members that are null or undefined. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isAbsent(member))) as Present<T>;
}
