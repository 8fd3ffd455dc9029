import type { Database } from '../database/database.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';

/**
 * Deletes the file of a checkpoint that was superseded, unless another one, of whichever project, is the same file: equal work leaves equal
 * bytes, and the store has them once. Never throws: bytes that nothing refers to are only space, and must not end or undo any work.
 */
export async function forgetCheckpoint(
  { prisma }: Pick<Database, 'prisma'>,
  store: Pick<ArtifactStore, 'delete'>,
  sha256: string,
): Promise<void> {
  try {
    const [{ needed }] = await prisma.$queryRaw<[{ needed: boolean }]>`
      SELECT EXISTS (SELECT 1 FROM checkpoint WHERE sha256 = ${sha256} AND project_id IS NOT NULL) AS needed`;
    if (!needed) await store.delete(sha256);
  } catch {
    // `gc` collects it.
  }
}
