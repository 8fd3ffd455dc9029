import { LRUCache } from 'lru-cache';
import { bytesOf } from '../limits/answer-size.ts';

/**
 * What never changes, once it is known: the most recently used of it within so many bytes, about. Shared by all requests of the process,
 * so its names must hold whatever decides who may see it.
 */
export class Remembered<Value extends object> {
  readonly #values: LRUCache<string, Value>;

  constructor(bytes: number) {
    this.#values = new LRUCache({
      maxSize: bytes,
      // An object in memory takes some times what it takes as text.
      sizeCalculation: (value, name) => 2 * (bytesOf(value) + name.length) + 100,
    });
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  /** What is larger than all of the room is not kept. */
  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}
