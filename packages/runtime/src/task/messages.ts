import type { FailureJson } from '@kneepoint/failures';
import type { Provider } from '../session/provider.ts';

/** How far a task is. `done` never falls; `total` is in the same unit. */
export interface TaskProgress {
  readonly done: number;
  readonly total: number;
  /** What is counted, in plural: images, cells, stages. */
  readonly unit: string;
  readonly message?: string;
  /** Of `stages`: up to which count the stage goes that begins; the next when absent. */
  readonly until?: number;
  /** How much of the whole task is done, 0 to 1; added on the way to the parent. */
  readonly share?: number;
}

/** What the child is told. */
export type ToChild =
  | TaskOrder
  | { readonly kind: 'cancel' }
  /** The parent has dealt with an event; `failure` is what its handler threw. */
  | { readonly kind: 'heard'; readonly id: number; readonly failure?: FailureJson };

export interface TaskOrder {
  readonly kind: 'run';
  /** URL of the module whose default export is the task. */
  readonly task: string;
  readonly input: unknown;
  readonly tempDir: string;
  readonly provider: Provider;
}

/** What the child tells. `done` and `failed` are the last word on an order. */
export type FromChild =
  | { readonly kind: 'progress'; readonly update: TaskProgress }
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly failure: FailureJson; readonly stack: string | undefined };
