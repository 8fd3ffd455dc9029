import type { Schedule } from '@kneepoint/autodiff';
import type { TrainingSettings } from '@kneepoint/workflow';

/** Epochs as steps. */
export function scheduleOf(
  { schedule, learningRate, epochs }: Pick<TrainingSettings, 'schedule' | 'learningRate' | 'epochs'>,
  stepsPerEpoch: number,
): Schedule {
  const total = epochs * stepsPerEpoch;
  const warmUp = Math.min(total - 1, Math.round((schedule.warmupEpochs ?? 0) * stepsPerEpoch));
  const base = { rate: learningRate, warmUp };
  if (schedule.kind !== 'step') return { ...base, kind: schedule.kind };
  const { everyEpochs, factor } = schedule;
  const falls = Array.from({ length: Math.ceil(epochs / everyEpochs) - 1 }, (_, i) => (i + 1) * everyEpochs);
  // Milestones are shares of what follows the warm-up.
  const milestones = falls.map((epoch) => Math.max(0, (epoch * stepsPerEpoch - warmUp) / (total - warmUp)));
  return { ...base, kind: 'step', factor, milestones };
}
