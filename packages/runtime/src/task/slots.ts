import { Failure } from '@kneepoint/failures';

/** A counting semaphore: waiters are served in order of arrival and may give up. */
export class Slots {
  private open: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.open = count;
  }

  /** Waits for a slot. Throws RUNTIME_CANCELED when the signal is, or gets, aborted before one is free. */
  async take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw canceled();
    if (this.open > 0) {
      this.open--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(canceled());
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(turn);
    });
  }

  /** Gives a slot back: to the longest waiting, else to whoever comes. */
  free(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.open++;
  }
}

function canceled(): Failure {
  return new Failure('RUNTIME_CANCELED', 'the task was canceled before it started');
}
