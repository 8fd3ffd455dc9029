import { Failure } from '@kneepoint/failures';
import type { TaskContext } from '@kneepoint/runtime';
import { SUBJECTS, type SubjectName } from './subjects.ts';

export interface Attempt {
  readonly subject: SubjectName;
  readonly seed: number;
  /** Folders with more models to spoil. */
  readonly folders: readonly string[];
}

/** How one spoiled file was received. */
export interface Reception {
  /** Undefined when it was accepted. */
  readonly code?: string;
  /** Of what has no code: what was thrown. */
  readonly stack?: string;
  readonly ms: number;
}

/** Brings one spoiled file to its door. What the product throws is the answer; what takes the process down is for the parent to see. */
export default async function attempt({ subject, seed, folders }: Attempt, context: TaskContext): Promise<Reception> {
  const started = performance.now();
  const ms = (): number => Math.round(performance.now() - started);
  try {
    await SUBJECTS[subject].attempt(seed, folders, context);
    return { ms: ms() };
  } catch (error) {
    const { code } = Failure.from(error);
    return { code, ms: ms(), ...(code === 'INTERNAL' ? { stack: (error as Error).stack ?? String(error) } : {}) };
  }
}
