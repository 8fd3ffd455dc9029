import type { Consumer, DeadLetter } from './bus.ts';

/** Works off a shared list of dead letters, one at a time; a letter that could not be dealt with is tried again. */
export class DeadConsumer implements Consumer {
  readonly #letters: DeadLetter[];
  readonly #handler: (letter: DeadLetter) => Promise<void>;
  readonly #retryMs: number;
  readonly #forget: () => void;
  #working: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(
    letters: DeadLetter[],
    handler: (letter: DeadLetter) => Promise<void>,
    retryMs: number,
    forget: () => void,
  ) {
    this.#letters = letters;
    this.#handler = handler;
    this.#retryMs = retryMs;
    this.#forget = forget;
  }

  wake(): void {
    if (this.#draining || this.#working !== undefined || this.#retry !== undefined) return;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      // what came while the last letter was being put away
      if (this.#letters.length > 0) this.wake();
    });
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.#forget();
    clearTimeout(this.#retry);
    await this.#working;
  }

  async #work(): Promise<void> {
    while (!this.#draining) {
      const letter = this.#letters.shift();
      if (letter === undefined) return;
      try {
        await this.#handler(letter);
      } catch {
        this.#letters.unshift(letter);
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.wake();
        }, this.#retryMs);
        return;
      }
    }
  }
}
