import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';

/** The outputs of earlier steps by their content keys. */
export interface Results {
  /** Throws INTERNAL where there is none under a key that was asked for. */
  of<Output>(key: string): Output;
}

/** Reads what earlier steps made, all at once; a step may read what it depends on. */
export async function readResults({ prisma }: Pick<Database, 'prisma'>, keys: readonly string[]): Promise<Results> {
  const rows = await prisma.result.findMany({ where: { key: { in: [...keys] } }, select: { key: true, output: true } });
  const outputs = new Map(rows.map(({ key, output }) => [key, output as unknown]));
  return {
    of<Output>(key: string): Output {
      if (!outputs.has(key)) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
      return outputs.get(key) as Output;
    },
  };
}
