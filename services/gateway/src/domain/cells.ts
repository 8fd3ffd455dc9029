import { Prisma } from '@kneepoint/platform';
import type { Cell } from '@kneepoint/regression';
import type { Services } from '../context.ts';

/** A cell without what only a reader of its trials wants. */
export type ProbedCell = Omit<Cell, 'others' | 'trials'>;

interface KeyRow {
  readonly key: string;
}

export interface CellRow extends KeyRow {
  readonly cell: ProbedCell;
}

const CELL = Prisma.sql`SELECT key, (output->'cell') - '{others,trials}'::text[] AS cell`;
const CELLS_REMEMBERED = 20_000;

/**
 * Cells by the key of their result. A matrix reads a thousand results, each with a curve that it does not show: so only the cell
 * is read, and, since a result never changes, only once. Whether it is still there is asked each time.
 */
export class CellCache {
  readonly #cells = new Map<string, ProbedCell>();

  async find({ prisma }: Services['db'], keys: readonly string[]): Promise<CellRow[]> {
    const known = keys.filter((key) => this.#cells.has(key));
    const unknown = keys.filter((key) => !this.#cells.has(key));
    const [read, present] = await Promise.all([
      unknown.length === 0
        ? []
        : prisma.$queryRaw<CellRow[]>`${CELL} FROM "public"."result" WHERE key = ANY(${unknown})`,
      known.length === 0 ? [] : this.#present(prisma, known),
    ]);
    const kept = present.map(({ key }) => ({ key, cell: this.#cells.get(key)! }));
    for (const { key, cell } of [...kept, ...read]) this.#remember(key, cell);
    return [...kept, ...read];
  }

  /** Nearly always all of them: then their number says so. */
  async #present(prisma: Services['db']['prisma'], keys: readonly string[]): Promise<readonly KeyRow[]> {
    const distinct = [...new Set(keys)];
    const [counted] = await prisma.$queryRaw<
      [{ rows: number }]
    >`SELECT count(*)::int AS rows FROM "public"."result" WHERE key = ANY(${distinct})`;
    if (counted.rows === distinct.length) return distinct.map((key) => ({ key }));
    return prisma.$queryRaw`SELECT key FROM "public"."result" WHERE key = ANY(${distinct})`;
  }

  #remember(key: string, cell: ProbedCell): void {
    this.#cells.delete(key);
    this.#cells.set(key, cell);
    if (this.#cells.size > CELLS_REMEMBERED) this.#cells.delete(this.#cells.keys().next().value!);
  }
}
