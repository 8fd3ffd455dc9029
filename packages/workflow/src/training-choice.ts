import { Failure } from '@kneepoint/failures';
import {
  type AugmentSettings,
  checkTraining,
  DEFAULT_TRAINING,
  type TrainingMode,
  type TrainingSettings,
} from './training-settings.ts';

/** What a person said about a training; the rest is the default of its mode. */
export type TrainingChoice = Partial<Omit<TrainingSettings, 'augment'>> & {
  readonly augment?: Partial<AugmentSettings>;
};

/** The settings of a mode with what was chosen on top, within bounds. Throws TRAINING_OPTION_INVALID. */
export function trainingSettings(mode: TrainingMode, choice: TrainingChoice = {}): TrainingSettings {
  const defaults = DEFAULT_TRAINING[mode];
  if (!defaults) {
    throw new Failure('TRAINING_OPTION_INVALID', `mode is ${JSON.stringify(mode)}`, {
      where: 'mode',
      fix: `one of ${Object.keys(DEFAULT_TRAINING).join(', ')}`,
    });
  }
  const merged = { ...defaults, ...choice, augment: { ...defaults.augment, ...choice.augment } };
  const settings = choice.schedule ? merged : { ...merged, schedule: shortened(merged) };
  checkTraining(settings);
  return settings;
}

/** The default schedule warms up; a training that is asked to be very short must not consist of that alone. */
function shortened({ schedule, epochs }: TrainingSettings): TrainingSettings['schedule'] {
  const most = epochs / 4;
  return (schedule.warmupEpochs ?? 0) <= most ? schedule : { ...schedule, warmupEpochs: most };
}
