import { type Database, type Logger, type ParsedToken, hasDigest, type Role } from '@kneepoint/platform';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { type Bearer, unauthenticated } from './bearer.ts';

interface Row {
  readonly name: string;
  readonly digest: string;
  readonly role: Role;
  readonly project: string | null;
  readonly revoked: boolean;
  readonly expired: boolean;
  /** Not used within the last minute. */
  readonly unused: boolean;
}

/** So long a token that was revoked may still be taken; a socket asks anew in any case. */
const REMEMBERED_MS = 2_000;
const MOST_REMEMBERED = 10_000;
/** Ids of one statement. */
const BATCH = 500;

/** API tokens of the database. */
export class StoredTokens {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #remembered = new LRUCache<string, Row>({ max: MOST_REMEMBERED, ttl: REMEMBERED_MS });
  /** Ids that nobody has, apart, so that who makes up ids pushes nobody's token out. */
  readonly #unknown = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: REMEMBERED_MS });
  /** However many ask, known or not: one statement at a time, and those who come meanwhile are the next. */
  readonly #rows: DataLoader<string, Row | undefined>;
  #reading = 0;
  #next: (() => void) | undefined;

  constructor(db: Database, log: Logger) {
    this.#db = db;
    this.#log = log;
    this.#rows = new DataLoader((ids) => this.#read(ids), {
      cache: false,
      maxBatchSize: BATCH,
      batchScheduleFn: (send) => {
        if (this.#reading === 0) setImmediate(send);
        else this.#next = send;
      },
    });
  }

  /** Throws UNAUTHENTICATED. */
  async verify({ id, secret }: ParsedToken, fresh: boolean): Promise<Bearer> {
    const row = await this.#row(id, fresh);
    // Whether it was revoked is told to nobody but its holder.
    if (row === undefined || !hasDigest(secret, row.digest)) throw unauthenticated('the token is not valid');
    if (row.revoked) throw unauthenticated(`the token "${row.name}" was revoked`);
    if (row.expired) throw unauthenticated(`the token "${row.name}" has expired`);
    if (row.unused) this.#markUsed(id);
    const { name, role, project } = row;
    return { id, kind: 'token', name, role, everywhere: project === null, projects: [project ?? 'default'] };
  }

  async #row(id: string, fresh: boolean): Promise<Row | undefined> {
    const known = fresh ? undefined : this.#remembered.get(id);
    if (known !== undefined) return known;
    if (!fresh && this.#unknown.has(id)) return undefined;
    const row = await this.#rows.load(id);
    if (row === undefined) this.#unknown.set(id, true);
    else this.#remembered.set(id, { ...row, unused: false });
    return row;
  }

  async #read(ids: readonly string[]): Promise<(Row | undefined)[]> {
    this.#reading += 1;
    try {
      // Judged by the database's clock.
      const rows = await this.#db.prisma.$queryRaw<(Row & { readonly id: string })[]>`
        SELECT token.id, token.name, digest, role, project.name AS project, revoked_at IS NOT NULL AS revoked,
          coalesce(expires_at <= clock_timestamp(), false) AS expired,
          coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) AS unused
        FROM token LEFT JOIN project ON project.id = token.project_id WHERE token.id = ANY(${[...new Set(ids)]})`;
      const byId = new Map(rows.map(({ id, ...row }) => [id, row]));
      return ids.map((id) => byId.get(id));
    } finally {
      this.#reading -= 1;
      const next = this.#next;
      this.#next = undefined;
      next?.();
    }
  }

  /** Nobody waits for it. */
  #markUsed(id: string): void {
    this.#db.prisma.$executeRaw`
      UPDATE token SET last_used_at = clock_timestamp()
      WHERE id = ${id} AND coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)`.catch(
      (error: unknown) => this.#log.warn({ err: error }, 'the last use of a token was not written'),
    );
  }
}
