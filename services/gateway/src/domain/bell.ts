/** Remembers that it was rung until it is reset, so that no ring between two waits is missed. */
export class Bell {
  #isRung = false;
  #wake: () => void = () => undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake();
  }

  reset(): void {
    this.#isRung = false;
  }

  /** Resolves once it has been rung since the last reset, or after that many milliseconds. */
  rung(atMostMs: number): Promise<void> {
    if (this.#isRung) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
