import { Failure } from '@kneepoint/failures';

export interface Death {
  readonly started: boolean;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  /** The last lines that the process wrote. */
  readonly words: string;
  readonly memoryMb: number;
  readonly where: string;
}

/** What the end of a process means when nobody asked for it. */
export function crashFailure({ started, exitCode, signalCode, words, memoryMb, where }: Death): Failure {
  if (!started) return new Failure('RUNTIME_START_FAILED', 'the system refused to start a process', { where });
  // V8 checks its own heap long before resident memory is looked at.
  if (words.includes('heap out of memory')) {
    return new Failure('RUNTIME_MEMORY_LIMIT', `the JavaScript heap reached the limit of ${memoryMb} MB`, { where });
  }
  // Its limit of private memory (see confine.ts), met where nobody checks.
  if (/out of memory|cannot allocate memory|bad_alloc/i.test(words)) {
    return new Failure('RUNTIME_MEMORY_LIMIT', `no more memory was given to the process; the limit is ${memoryMb} MB`, {
      where,
    });
  }
  const how = signalCode ? `was ended by ${signalCode}` : `left with exit code ${exitCode ?? 'unknown'}`;
  const hint = signalCode === 'SIGKILL' ? ', most likely by the system because memory ran out' : '';
  return new Failure('RUNTIME_CRASHED', `the process ${how}${hint}${words === '' ? '' : `; it last wrote: ${words}`}`, {
    where,
  });
}
