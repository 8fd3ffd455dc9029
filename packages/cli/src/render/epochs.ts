import type { TrainingProgressFieldsFragment } from '@kneepoint/client';
import { camel, duration, metric } from './number.ts';

/** A line for each epoch of each training, once. */
export class EpochLines {
  readonly #shown = new Map<string, number>();

  /** The lines of what has ended since the last call. A training whose result was found gives none. */
  of(trainings: readonly TrainingProgressFieldsFragment[]): readonly string[] {
    return trainings.flatMap((training) => {
      const shown = this.#shown.get(training.name) ?? 0;
      this.#shown.set(training.name, training.epochs.length);
      return training.reused ? [] : training.epochs.slice(shown).map((epoch) => epochLine(training, epoch));
    });
  }
}

export function epochLine(
  { name, metricName, epochsPlanned, etaSeconds, epochs, state }: TrainingProgressFieldsFragment,
  epoch: TrainingProgressFieldsFragment['epochs'][number],
): string {
  const isLast = epoch === epochs.at(-1);
  const parts = [
    name,
    `epoch ${epoch.epoch}/${epochsPlanned}`,
    ...(epoch.loss === null ? [] : [`loss ${epoch.loss.toPrecision(4)}`]),
    `validation loss ${epoch.validationLoss.toPrecision(4)}`,
    `${camel(metricName)} ${metric(epoch.metric, metricName)}`,
    ...(epoch.epoch === 0 ? [] : [`${epoch.imagesPerSecond.toFixed(0)} images/s`]),
    ...(isLast && state === 'RUNNING' && etaSeconds !== null ? [`${duration(etaSeconds)} left`] : []),
  ];
  return parts.join(' · ');
}
