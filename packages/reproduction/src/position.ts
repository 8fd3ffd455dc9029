/** The key of the label by which lists and the page find the runs of a reproduction; its value is the name. */
export const LABEL = 'reproduction';

/** Where a reproduction was when it launched a run, as the run's metadata have it. */
export interface Position {
  readonly stage: string;
  /** Of this stage, from 1, and of the last. */
  readonly number: number;
  readonly of: number;
  /** Names of the stages to come. */
  readonly left: readonly string[];
}

/** Undefined where metadata say no position: they are whatever somebody wrote. */
export function positionIn(metadata: unknown): Position | undefined {
  const { stage, number, of, left } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof stage !== 'string' || typeof number !== 'number' || typeof of !== 'number' || !(of > 0)) return undefined;
  const names = Array.isArray(left) ? left.filter((one): one is string => typeof one === 'string') : [];
  return { stage, number, of, left: names };
}
