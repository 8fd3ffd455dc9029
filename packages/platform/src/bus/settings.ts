/** How a bus treats a job that is not acknowledged. Both implementations honour the same settings. */
export interface BusSettings {
  /** Milliseconds after which a job that is neither done nor `working()` is delivered again; grows as `silences` says. */
  readonly ackWaitMs: number;
  /** Deliveries after which a job is given up and becomes a dead letter. */
  readonly maxDeliveries: number;
  /** Milliseconds before the 2nd, 3rd, … delivery of a job whose handler rejected; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
  /** Called when a job fails or is given up; for logs. */
  readonly onJobError: (event: JobErrorEvent) => void;
}

export interface JobErrorEvent {
  readonly service: string;
  readonly id: string;
  readonly deliveries: number;
  readonly error: unknown;
  /** True when the job will not be delivered again. */
  readonly givenUp: boolean;
}

/** Milliseconds within which a repeated message id is dropped. Publish under a new id to force a redelivery sooner. */
export const DUPLICATE_WINDOW_MS = 120_000;

export const DEFAULT_BUS_SETTINGS: BusSettings = {
  ackWaitMs: 30_000,
  maxDeliveries: 5,
  retryDelaysMs: [1_000, 5_000, 15_000, 30_000],
  onJobError: () => undefined,
};

const LONGEST_SILENCE = 4;

/**
 * Milliseconds of silence after which each delivery is taken for lost: `ackWaitMs` for the first two, then doubled, up to four
 * times as long. A job that ends its worker each time should not do so to one after the other at full speed.
 */
export function silences({ ackWaitMs, maxDeliveries }: Pick<BusSettings, 'ackWaitMs' | 'maxDeliveries'>): number[] {
  // NATS wants fewer of them than deliveries; the last one then holds for the rest.
  const steps = Math.min(maxDeliveries - 1, 2 + Math.log2(LONGEST_SILENCE));
  return Array.from({ length: steps }, (_, index) => ackWaitMs * 2 ** Math.max(0, index - 1));
}

/** Milliseconds of silence that delivery number `deliveries` may keep. */
export function silence(settings: Pick<BusSettings, 'ackWaitMs' | 'maxDeliveries'>, deliveries: number): number {
  const all = silences(settings);
  return all[Math.min(deliveries, all.length) - 1] ?? settings.ackWaitMs;
}

/** Milliseconds to wait before the delivery that follows delivery number `deliveries`. */
export function retryDelay(delays: readonly number[], deliveries: number): number {
  return delays[Math.min(deliveries, delays.length) - 1] ?? 0;
}
