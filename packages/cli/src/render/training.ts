import type { TrainingFieldsFragment } from '@kneepoint/client';
import { camel, compact, duration, metric } from './number.ts';
import { table } from './table.ts';

/** What a training gave: each task on test, beside chance, and how long it took. */
export function renderTraining(trained: TrainingFieldsFragment): string {
  const { results, bestEpoch, epochs, stoppedEarly, seconds, imagesPerSecond, provider, notes, model } = trained;
  const ran = epochs.filter(({ epoch }) => epoch > 0).length;
  return [
    table(
      ['task', 'metric', 'chance', 'validation', 'test'],
      results.map((result) => [
        result.task,
        camel(result.metric),
        ...[result.chance, result.validation, result.test].map((value) => metric(value, result.metric)),
      ]),
      ['left', 'left', 'right', 'right', 'right'],
    ),
    '',
    `best epoch ${bestEpoch} of ${ran}${stoppedEarly ? ' (ended early)' : ''}; ${duration(seconds ?? 0)}, ${(imagesPerSecond ?? 0).toFixed(0)} images/s, ${camel(provider ?? '')}; ${compact(model?.bytes ?? 0)}B`,
    ...notes.map((text) => `note: ${text}`),
  ].join('\n');
}
