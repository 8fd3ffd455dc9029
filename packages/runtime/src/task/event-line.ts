import { Failure, type FailureJson } from '@kneepoint/failures';
import type { FromChild } from './messages.ts';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: Failure) => void;
}

/** The child's side of events: sends each with a number and settles it when the parent answers to that number. */
export class EventLine {
  private readonly send: (message: FromChild) => void;
  private readonly waiting = new Map<number, Waiting>();
  private sent = 0;

  constructor(send: (message: FromChild) => void) {
    this.send = send;
  }

  emit(event: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = (this.sent += 1);
      this.waiting.set(id, { resolve, reject });
      try {
        this.send({ kind: 'event', id, event });
      } catch (error) {
        this.waiting.delete(id);
        reject(new Failure('RUNTIME_TASK_INVALID', `the event cannot be sent: ${(error as Error).message}`));
      }
    });
  }

  heard(id: number, failure?: FailureJson): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (failure) waiting?.reject(Failure.fromJSON(failure));
    else waiting?.resolve();
  }
}
