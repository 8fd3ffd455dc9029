import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';
import type { ArtifactStore, StoredArtifact } from '../store/artifact-store.ts';
import { countExpired, deleteExpired, type Limits, type References, referenced } from './references.ts';

export interface GarbageOptions {
  /** Milliseconds: what nothing refers to goes once it is older. At least an hour. */
  readonly olderThanMs: number;
  /** Milliseconds: runs that ended longer ago go too, with their steps. Default: every run stays. */
  readonly runsOlderThanMs?: number;
  /** Milliseconds: so long it is kept who did what. Default: for ever. */
  readonly auditOlderThanMs?: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
}

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface GarbageReport {
  readonly dryRun: boolean;
  /** Artifacts that something refers to. */
  readonly kept: Amount;
  /** Artifacts that nothing refers to, too young to be judged: a step may be about to. */
  readonly young: Amount;
  /** Artifacts that are gone now, or would be. */
  readonly deleted: Amount;
  readonly runs: number;
  readonly checkpoints: number;
  /** Models and data sets whose name was removed, and that no run refers to. */
  readonly removed: number;
  /** Events that webhooks were told of, or that were given up. */
  readonly events: number;
  /** Lines of the audit log. */
  readonly audit: number;
  /** Uploads that were never completed. */
  readonly uploads: number;
}

/**
 * A step stores an artifact and commits its reference moments later; the age limit covers that, and a store marks as new what is put
 * again after half an hour. An hour leaves room between the two.
 */
const LEAST_AGE_MS = 3600_000;

/**
 * Deletes what nothing needs any more: marks what rows refer to, sweeps what is left of the store, and only what is older than the
 * limit by the database's clock. Runs may go on meanwhile: what they write is young, and references are read again before the sweep.
 * Throws RETENTION_INVALID.
 */
export async function collectGarbage(
  db: Database,
  store: ArtifactStore,
  options: GarbageOptions,
): Promise<GarbageReport> {
  const { olderThanMs, runsOlderThanMs, auditOlderThanMs, dryRun = false } = options;
  for (const age of [olderThanMs, runsOlderThanMs ?? LEAST_AGE_MS]) requireSafe(age);
  const [{ now }] = await db.prisma.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  const before = new Date(now.getTime() - olderThanMs);
  const limits: Limits = {
    checkpointsBefore: before,
    removedBefore: before,
    eventsBefore: before,
    auditBefore: auditOlderThanMs === undefined ? new Date(0) : new Date(now.getTime() - auditOlderThanMs),
    ...(runsOlderThanMs === undefined ? {} : { runsBefore: new Date(now.getTime() - runsOlderThanMs) }),
  };
  const expired = await countExpired(db, limits);
  if (!dryRun) await deleteExpired(db, limits);

  const sorted = await sort(store, await referenced(db, limits), before);
  const uploads = await store.listStaleUploads(before);
  if (!dryRun) {
    const needed = await referenced(db, limits);
    sorted.garbage = sorted.garbage.filter(({ sha256 }) => !needed.has(sha256));
    sorted.garbage = await sweep(db, store, sorted.garbage, before);
    await forgetRights(db, store, needed, before);
    for (const upload of uploads) await store.deleteStaleUpload(upload);
    await db.prisma.upload.deleteMany({ where: { expiresAt: { lt: before } } });
  }
  const deleted = { count: sorted.garbage.length, bytes: sorted.garbage.reduce((sum, { bytes }) => sum + bytes, 0) };
  return { dryRun, kept: sorted.kept, young: sorted.young, deleted, ...expired, uploads: uploads.length };
}

async function sort(store: ArtifactStore, needed: References, before: Date) {
  const kept = { count: 0, bytes: 0 };
  const young = { count: 0, bytes: 0 };
  const garbage: StoredArtifact[] = [];
  for await (const artifact of store.list()) {
    if (!needed.has(artifact.sha256) && artifact.storedAt < before) {
      garbage.push(artifact);
      continue;
    }
    const amount = needed.has(artifact.sha256) ? kept : young;
    amount.count += 1;
    amount.bytes += artifact.bytes;
  }
  return { kept, young, garbage };
}

async function sweep(
  db: Database,
  store: ArtifactStore,
  garbage: readonly StoredArtifact[],
  before: Date,
): Promise<StoredArtifact[]> {
  const gone: StoredArtifact[] = [];
  for (const artifact of garbage) {
    const { sha256 } = artifact;
    // put again since the list was made: somebody is about to refer to it
    const found = await store.stat(sha256).catch(() => undefined);
    if (found === undefined || found.storedAt >= before) continue;
    // The row first: one without bytes would promise what is not there.
    await db.prisma.artifact.deleteMany({ where: { sha256 } });
    await store.delete(sha256);
    gone.push(artifact);
  }
  return gone;
}

/**
 * Takes from each project the right to bytes to which nothing of it refers, though another one needs them: that they stay must not tell it
 * so.
 */
async function forgetRights(db: Database, store: ArtifactStore, needed: References, before: Date): Promise<void> {
  const rows = await db.prisma.artifact.findMany({
    where: { createdAt: { lt: before } },
    select: { projectId: true, sha256: true },
  });
  for (const { projectId, sha256 } of rows) {
    const projects = needed.get(sha256);
    if (projects === undefined || projects.has(projectId)) continue;
    // Put again lately, perhaps by a step that is about to refer to it.
    const found = await store.stat(sha256).catch(() => undefined);
    if (found !== undefined && found.storedAt >= before) continue;
    await db.prisma.artifact.deleteMany({ where: { projectId, sha256 } });
  }
}

function requireSafe(ageMs: number): void {
  if (ageMs >= LEAST_AGE_MS) return;
  throw new Failure(
    'RETENTION_INVALID',
    `an age of ${Math.round(ageMs / 1000)} s could take what a running step wrote`,
    {
      where: 'age',
      fix: 'give at least an hour, such as 30d',
    },
  );
}
