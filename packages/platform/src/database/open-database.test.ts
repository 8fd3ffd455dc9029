import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { startPostgres } from '../../../../test/support/postgres.ts';
import type { RunningService } from '../../../../test/support/server-process.ts';
import { openDatabase } from './open-database.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const migrations = readdirSync(join(root, 'prisma', 'migrations'), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
);
const firstMigration = join(root, 'prisma', 'migrations', '0001_init', 'migration.sql');

describe('the schema', () => {
  it('is what the migrations make, by the account of Prisma itself', () => {
    const sql = execFileSync(process.execPath, ['scripts/prisma-diff.mjs'], { cwd: root, encoding: 'utf8' });
    expect(sql).toBe('');
  });
});

describe('a PGlite folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneepoint-database-'));
  const url = `pglite://${join(folder, 'database')}`;
  const lock = join(folder, 'database.lock');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('serves one process, and tells a second one whose it is', async () => {
    const db = await openDatabase(url);
    await db.prisma.artifact.create({ data: { sha256: 'kept', bytes: 2n ** 40n, mediaType: 'x' } });
    await expect(openDatabase(url)).rejects.toMatchObject({
      code: 'DATABASE_IN_USE',
      message: `${join(folder, 'database')} is in use by process ${process.pid}`,
    });
    await db.announce('http://127.0.0.1:4000');
    await expect(openDatabase(url)).rejects.toMatchObject({
      code: 'DATABASE_IN_USE',
      message: `${join(folder, 'database')} is in use by process ${process.pid}, which serves http://127.0.0.1:4000`,
      fix: 'use the server at http://127.0.0.1:4000',
    });
    await db.close();
  });

  it('is free again after its process was killed, and kept what was committed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const started = stat.replace(/^.*\) /s, '').split(' ')[19]!;
    const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
    const owner = { id: 'other', pid: child.pid, host, started };
    writeFileSync(lock, JSON.stringify(owner));
    await expect(openDatabase(url)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const db = await openDatabase(url);
    expect(await db.prisma.artifact.findFirst({ where: { sha256: 'kept' } })).toMatchObject({ bytes: 2n ** 40n });
    await db.close();
  });

  it('is not taken to be in use by a process that was given a dead one’s number', async () => {
    const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
    writeFileSync(lock, JSON.stringify({ id: 'old', pid: process.pid, host, started: '1' }));
    const db = await openDatabase(url);
    await db.close();
  });

  it('is begun again where the process that began it was killed', async () => {
    const half = join(folder, 'half');
    mkdirSync(join(half, 'base', '1'), { recursive: true });
    // Written late, and not last.
    writeFileSync(join(half, 'PG_VERSION'), '17');
    writeFileSync(`${half}.unfinished`, String(statSync(half, { bigint: true }).ino));
    const db = await openDatabase(`pglite://${half}`);
    await db.health();
    await db.close();
    expect(existsSync(`${half}.unfinished`)).toBe(false);
  });

  it('that came into the place of one that was begun is not taken for that', async () => {
    writeFileSync(join(folder, 'database.unfinished'), '1');
    const db = await openDatabase(url);
    expect(await db.prisma.artifact.count()).toBe(1);
    await db.close();
  });
});

describe('a folder with other files', () => {
  it('is not filled with a database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneepoint-other-'));
    writeFileSync(join(folder, 'thesis.txt'), 'mine');
    await expect(openDatabase(`pglite://${folder}`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${folder} holds "thesis.txt" and no database`,
    });
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
    expect(existsSync(`${folder}.lock`)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe.runIf(available('postgres'))('a PostgreSQL database', () => {
  let server: RunningService;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    client = new pg.Client(server.url);
    client.on('error', () => undefined);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  it('is migrated once by processes that start together, and kept as Prisma keeps it', async () => {
    const databases = await Promise.all([1, 2, 3].map(() => openDatabase(server.url)));
    const { rows } = await client.query<Record<string, unknown>>('SELECT * FROM _prisma_migrations');
    const checksum = createHash('sha256').update(readFileSync(firstMigration)).digest('hex');
    expect(rows).toHaveLength(migrations.length);
    expect(rows[0]).toMatchObject({
      migration_name: '0001_init',
      checksum,
      applied_steps_count: 1,
      rolled_back_at: null,
    });
    expect(rows[0]!.finished_at).not.toBeNull();
    await Promise.all(databases.map((db) => db.close()));
  });

  it('keeps times whatever the server’s time zone is', async () => {
    await client.query("ALTER DATABASE postgres SET TimeZone TO 'Asia/Kolkata'");
    const db = await openDatabase(server.url);
    const createdAt = new Date('2024-02-29T12:34:56.789Z');
    await db.prisma.artifact.create({ data: { sha256: 'time', bytes: 1, mediaType: 'x', createdAt } });
    const row = await db.prisma.artifact.findFirstOrThrow({ where: { sha256: 'time' } });
    const [stored] = (await client.query<{ t: string }>('SELECT extract(epoch FROM created_at) t FROM artifact')).rows;
    expect(row.createdAt).toEqual(createdAt);
    expect(Number(stored!.t)).toBe(createdAt.getTime() / 1000);
    expect(Math.abs(db.openedAt.getTime() - Date.now())).toBeLessThan(60_000);
    await db.close();
  });

  it('gives up a statement that takes longer than it may, and goes on', async () => {
    const db = await openDatabase(server.url, { statementMs: 100 });
    await expect(db.prisma.$queryRaw`SELECT pg_sleep(5)::text`).rejects.toThrow(/statement timeout/);
    await db.health();
    await db.close();
  });

  it('is refused when its migrations are not those of this version', async () => {
    const refuse = async (message: RegExp): Promise<void> => {
      await expect(openDatabase(server.url)).rejects.toMatchObject({
        code: 'DATABASE_SCHEMA_MISMATCH',
        message: expect.stringMatching(message) as string,
      });
    };
    await client.query(`UPDATE _prisma_migrations SET checksum = repeat('0', 64)`);
    await refuse(/^migration 0001_init was applied with checksum 000000000000… and is now [0-9a-f]{12}…$/);
    await client.query(`UPDATE _prisma_migrations SET finished_at = NULL`);
    await refuse(/^migration 0001_init was started by another tool and never finished$/);
    await client.query(`UPDATE _prisma_migrations SET migration_name = '9999_later'`);
    await refuse(/^the database has migration 9999_later, which this version does not know$/);
  });

  it('is said to be down, without its password, when it does not answer', async () => {
    const url = 'postgres://user:hidden@127.0.0.1:1/name';
    await expect(openDatabase(url, { waitMs: 100 })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      where: 'postgres://127.0.0.1:1/name',
      message: expect.not.stringContaining('hidden') as string,
    });
  });
});

describe('a database URL', () => {
  it.each(['mysql://x/y', 'pglite://', '', 'postgres://'])('that names none is refused: "%s"', async (url) => {
    await expect(openDatabase(url)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'DATABASE_URL' });
  });
});
