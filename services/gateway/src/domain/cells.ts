import type { Cell } from '@kneepoint/regression';
import type { Services } from '../context.ts';

/** A cell without what only a reader of its trials wants. */
export type ProbedCell = Omit<Cell, 'others' | 'trials'>;

export interface CellRow {
  readonly key: string;
  readonly cell: ProbedCell;
}

/** Cells by the key of their result: a matrix reads a thousand results, each with a curve that it does not show, so only the cell is read. */
export function findCells({ prisma, projectId = '' }: Services['db'], keys: readonly string[]): Promise<CellRow[]> {
  return prisma.$queryRaw<
    CellRow[]
  >`SELECT key, (output->'cell') - '{others,trials}'::text[] AS cell FROM "public"."result"
    WHERE project_id = ${projectId} AND key = ANY(${keys})`;
}
