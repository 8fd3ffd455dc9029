import type { EpochRecord, FinetunePosition } from '@kneepoint/workflow';

export interface BestEpoch {
  readonly epoch: number;
  readonly metric: number;
  readonly validationLoss: number;
}

/** How far a training is; all that goes into a checkpoint besides arrays. */
export interface Counters {
  /** Epochs that have ended. */
  epoch: number;
  /** Steps done in the epoch that runs. */
  step: number;
  /** Of the epoch that runs: loss times images, images, seconds of training. */
  lossSum: number;
  rows: number;
  epochSeconds: number;
  /** Of the whole training: seconds of training, images in them, seconds of validation. */
  trainSeconds: number;
  images: number;
  validationSeconds: number;
  epochs: EpochRecord[];
  best: BestEpoch | null;
  /** How often it began again, each time at half the rate, and why. */
  restarts: string[];
}

export function freshCounters(): Counters {
  return {
    epoch: 0,
    step: 0,
    lossSum: 0,
    rows: 0,
    epochSeconds: 0,
    trainSeconds: 0,
    images: 0,
    validationSeconds: 0,
    epochs: [],
    best: null,
    restarts: [],
  };
}

/** Back to where training began; what was spent stays spent. */
export function beginAgain(counters: Counters, why: string): void {
  const epochs = counters.epochs.filter(({ epoch }) => epoch === 0);
  const best = epochs.map(({ epoch, metric, validationLoss }) => ({ epoch, metric, validationLoss }))[0] ?? null;
  const restarts = [...counters.restarts, why];
  Object.assign(counters, { epoch: 0, step: 0, lossSum: 0, rows: 0, epochSeconds: 0, epochs, best, restarts });
}

/** Whether an epoch beats the best one: by metric, and between equals by validation loss. */
export function isBetter(
  { metric, validationLoss }: Pick<EpochRecord, 'metric' | 'validationLoss'>,
  best: BestEpoch | null,
  higherIsBetter: boolean,
): boolean {
  if (best === null) return true;
  if (metric !== best.metric) return higherIsBetter ? metric > best.metric : metric < best.metric;
  return validationLoss < best.validationLoss;
}

/** What people may see of it. */
export function positionOf({ epoch, step, epochs, best }: Counters): FinetunePosition {
  return { epoch, step, epochs: [...epochs], best: best && { epoch: best.epoch, metric: best.metric } };
}
