import { Failure } from '@kneepoint/failures';

/** Lets so many in at once and so many more wait for their turn, first come, first served. */
export class Gate {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }) {
    this.#atOnce = atOnce;
    this.#mostWaiting = waiting;
  }

  /** Resolves to how to leave. Throws SERVER_BUSY where too many wait already, or when nobody left in time. */
  async enter(withinMs: number): Promise<() => void> {
    if (this.#inside < this.#atOnce) this.#inside += 1;
    else await this.#turn(withinMs);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#leave();
    };
  }

  #turn(withinMs: number): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) throw busy(`${this.#waiting.size} operations wait already`);
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(enter);
        reject(busy(`no turn came within ${withinMs / 1000} s`));
      }, withinMs);
      this.#waiting.add(enter);
    });
  }

  /** Whoever waits longest takes the place. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#inside -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

function busy(why: string): Failure {
  return new Failure('SERVER_BUSY', `the gateway is busy: ${why}`, { fix: 'Ask again in a second or two.' });
}
