import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Failure } from '@kneepoint/failures';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { createClient } from './client.ts';
import { freshCluster } from './cluster/fresh-cluster.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { applyMigrations } from './migrations.ts';
import type { DatabaseConnection } from './connection.ts';

const MEMORY = ':memory:';

/** Postgres in WebAssembly on a folder, or in memory for tests (`:memory:`). Throws DATABASE_IN_USE, CONFIG_INVALID. */
export async function openPglite(path: string): Promise<DatabaseConnection> {
  if (path === MEMORY) return start(await PGlite.create(await begun()), undefined);
  const folder = resolve(path);
  const lock = await lockFolder(folder);
  try {
    return await start(await openFolder(folder), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A new database is some hundred files: one that was begun and not finished, since its process was killed, is begun again. */
async function openFolder(folder: string): Promise<PGlite> {
  await mkdir(folder, { recursive: true });
  const unfinished = `${folder}.unfinished`;
  const identity = String((await stat(folder, { bigint: true })).ino);
  // Another folder that has come into its place since, such as a backup, is left alone.
  if ((await readFile(unfinished, 'utf8').catch(() => undefined)) === identity) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
  }
  const isNew = await isEmpty(folder);
  if (isNew) await writeFile(unfinished, identity);
  const engine = await PGlite.create({ dataDir: folder, ...(isNew ? await begun() : {}) });
  // Nothing is in it yet that anybody would miss.
  await rm(unfinished, { force: true });
  return engine;
}

async function start(engine: PGlite, lock: FolderLock | undefined): Promise<DatabaseConnection> {
  // The adapter writes and reads times without their offset.
  await engine.exec("SET TIME ZONE 'UTC'");
  await applyMigrations({
    query: async (sql, parameters) => (await engine.query<Record<string, unknown>>(sql, [...(parameters ?? [])])).rows,
    script: async (sql) => {
      await engine.exec(sql);
    },
  });
  const prisma = createClient(new PrismaPGlite(engine));
  return {
    prisma,
    exclusive: true,
    where: engine.dataDir ?? MEMORY,
    announce: async (url) => lock?.announce(url),
    async close() {
      await prisma.$disconnect();
      await engine.close();
      await lock?.release();
    },
  };
}

/** How a new database begins: as a copy, where there is one to copy. */
async function begun(): Promise<{ loadDataDir?: Blob }> {
  const cluster = await freshCluster();
  return cluster === undefined ? {} : { loadDataDir: cluster };
}

/** False for a database; anything else is refused: the dozens of files of one must not be strewn over a folder that holds something else. */
async function isEmpty(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  if (names.length === 0) return true;
  if (names.includes('PG_VERSION')) return false;
  throw new Failure('CONFIG_INVALID', `${folder} holds "${names[0]}" and no database`, {
    where: 'DATABASE_URL',
    fix: 'name a folder that is empty or does not exist yet',
  });
}
