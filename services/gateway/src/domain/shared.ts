interface Asked<Value> {
  readonly answer: Promise<Value>;
  /** Whether it is being read: who asks now may ask for what came after. */
  isUnderWay: boolean;
}

/**
 * One read at a time for all who ask for the same: who asks while it is under way shares the next one with all others who do, so that
 * nobody is given what is older than their question. The names must hold whatever decides who may see what.
 */
export class Shared<Value> {
  readonly #asked = new Map<string, Asked<Value>>();

  ask(name: string, read: () => Promise<Value>): Promise<Value> {
    const latest = this.#asked.get(name);
    if (latest !== undefined && !latest.isUnderWay) return latest.answer;
    const asked: Asked<Value> = {
      answer: this.#after(latest?.answer, read, () => (asked.isUnderWay = true)),
      isUnderWay: false,
    };
    this.#asked.set(name, asked);
    const forget = (): void => {
      if (this.#asked.get(name) === asked) this.#asked.delete(name);
    };
    asked.answer.then(forget, forget);
    return asked.answer;
  }

  async #after(earlier: Promise<unknown> | undefined, read: () => Promise<Value>, begin: () => void): Promise<Value> {
    // Those who ask in the same turn of the event loop are to be in it.
    await (earlier?.catch(() => undefined) ?? new Promise(setImmediate));
    begin();
    return read();
  }
}
