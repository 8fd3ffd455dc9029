export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** Called after every piece of work; whoever listens limits the rate. */
export type OnProgress = (progress: Progress) => void;
