import { Failure } from '@kneepoint/failures';
import { quote } from '../quote.ts';

interface Kind {
  count: number;
  readonly example: string;
  /** Harmless things, such as a README among the images, do not trouble a strict import. */
  readonly harmless: boolean;
}

/** Entries of a folder that were left out, counted by kind, with one example each. */
export class Skipped {
  readonly #kinds = new Map<string, Kind>();

  /** An entry that breaks the layout. `kind` completes "skipped N: ". */
  malformed(kind: string, example: string): void {
    this.#add(kind, example, false);
  }

  /** Something that is no part of the layout. */
  ignored(kind: string, example: string): void {
    this.#add(kind, example, true);
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#kinds].map(([kind, { count }]) => [kind, count]));
  }

  /** One sentence per kind. */
  get notes(): string[] {
    return [...this.#kinds].map(([kind, { count, example }]) => `skipped ${count}: ${kind}, such as ${quote(example)}`);
  }

  /** @throws DATASET_ENTRIES_MALFORMED when there is anything but harmless entries */
  refuse(where: string): void {
    const kinds = [...this.#kinds].filter(([, { harmless }]) => !harmless);
    if (kinds.length === 0) return;
    const lines = kinds.map(([kind, { count, example }]) => `${count}: ${kind}, such as ${quote(example)}`);
    throw new Failure('DATASET_ENTRIES_MALFORMED', lines.join('; '), {
      where,
      fix: 'mend or remove them, or import without --strict, which leaves them out',
    });
  }

  #add(kind: string, example: string, harmless: boolean): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { count: 1, example, harmless });
    else known.count += 1;
  }
}
