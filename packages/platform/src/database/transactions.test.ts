import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../work/contract/world.ts';
import type { Database } from './database.ts';
import { isDuplicate, isUnavailable } from './database-failure.ts';
import { openDatabase } from './open-database.ts';

describe.each(ENGINES)('a transaction on $engine', ({ engine, start }) => {
  let db: Database;
  let stop: () => Promise<void>;
  const artifact = (sha256: string) => ({ data: { sha256, bytes: 1, mediaType: 'x' } });
  const bytes = async (sha256: string) => (await db.prisma.artifact.findFirstOrThrow({ where: { sha256 } })).bytes;

  beforeAll(async () => {
    const server = await start();
    stop = server.stop;
    db = await openDatabase(server.url);
  });
  afterAll(async () => {
    await db.close();
    await stop();
  });

  it('leaves nothing when it fails', async () => {
    const failing = db.transaction(async (tx) => {
      await tx.artifact.create(artifact('rolled back'));
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(await db.prisma.artifact.count({ where: { sha256: 'rolled back' } })).toBe(0);
  });

  it('is known by its error when a row exists already', async () => {
    await db.prisma.artifact.create(artifact('twice'));
    const error: unknown = await db.prisma.artifact.create(artifact('twice')).catch((thrown: unknown) => thrown);
    expect([isDuplicate(error), isUnavailable(error)]).toEqual([true, false]);
  });

  it('is not lost when another one writes the same row', async () => {
    await db.prisma.artifact.create(artifact('counted'));
    await Promise.all(
      Array.from({ length: 8 }, () =>
        db.transaction(async (tx) => {
          await tx.$queryRaw`SELECT 1 FROM artifact WHERE sha256 = 'counted' FOR UPDATE`;
          const row = await tx.artifact.findFirstOrThrow({ where: { sha256: 'counted' } });
          await tx.artifact.updateMany({ where: { sha256: 'counted' }, data: { bytes: row.bytes + 1n } });
        }),
      ),
    );
    expect(await bytes('counted')).toBe(9n);
  });

  it.runIf(engine === 'PostgreSQL')('is repeated when it lost to another one in a deadlock', async () => {
    await db.prisma.artifact.create(artifact('left'));
    await db.prisma.artifact.create(artifact('right'));
    let tries = 0;
    const addTo = (order: readonly string[]) =>
      db.transaction(async (tx) => {
        tries += 1;
        for (const sha256 of order) {
          await tx.artifact.updateMany({ where: { sha256 }, data: { bytes: { increment: 1 } } });
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
    await Promise.all([addTo(['left', 'right']), addTo(['right', 'left'])]);
    expect(tries).toBeGreaterThan(2);
    expect([await bytes('left'), await bytes('right')]).toEqual([3n, 3n]);
  });
});
