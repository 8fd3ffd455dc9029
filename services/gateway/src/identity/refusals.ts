/** Refusals of one principal that are written down one by one in a minute; of the rest their number is. */
export const WRITTEN_A_MINUTE = 60;
const WINDOW_MS = 60_000;

interface Window {
  written: number;
  more: number;
}

/**
 * Keeps who asks for what is refused over and over from filling the audit log: after so many in a minute the others are counted, and told of
 * in one line when it is over. What was done is always written, and the process's log has all of them.
 */
export class Refusals {
  readonly #windows = new Map<string, Window>();

  /** Whether a refusal is to be written down; `tell` is called with the number of those that were not, if there are any. */
  admit(principal: string, tell: (more: number) => void): boolean {
    const window = this.#windows.get(principal) ?? this.#open(principal, tell);
    if (window.written < WRITTEN_A_MINUTE) {
      window.written += 1;
      return true;
    }
    window.more += 1;
    return false;
  }

  #open(principal: string, tell: (more: number) => void): Window {
    const window: Window = { written: 0, more: 0 };
    this.#windows.set(principal, window);
    setTimeout(() => {
      this.#windows.delete(principal);
      if (window.more > 0) tell(window.more);
    }, WINDOW_MS).unref();
    return window;
  }
}
