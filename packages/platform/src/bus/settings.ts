/** How a bus treats a job that is not acknowledged. Both implementations honour the same settings. */
export interface BusSettings {
  /** Milliseconds after which a job that is neither done nor `working()` is delivered again. */
  readonly ackWaitMs: number;
  /** Deliveries after which a job is given up. The reconciler then decides about its step. */
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

/** Milliseconds to wait before the delivery that follows delivery number `deliveries`. */
export function retryDelay(delays: readonly number[], deliveries: number): number {
  return delays[Math.min(deliveries, delays.length) - 1] ?? 0;
}
