import { type Database, type Logger, type ParsedToken, hasDigest, type Role } from '@kneepoint/platform';
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

/** API tokens of the database. */
export class StoredTokens {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #remembered = new Map<string, { readonly row: Row | undefined; readonly at: number }>();

  constructor(db: Database, log: Logger) {
    this.#db = db;
    this.#log = log;
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
    const known = this.#remembered.get(id);
    if (!fresh && known !== undefined && Date.now() - known.at < REMEMBERED_MS) return known.row;
    // Judged by the database's clock.
    const [row] = await this.#db.prisma.$queryRaw<Row[]>`
      SELECT token.name, digest, role, project.name AS project, revoked_at IS NOT NULL AS revoked,
        coalesce(expires_at <= clock_timestamp(), false) AS expired,
        coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) AS unused
      FROM token LEFT JOIN project ON project.id = token.project_id WHERE token.id = ${id}`;
    this.#remembered.delete(id);
    this.#remembered.set(id, { row: row && { ...row, unused: false }, at: Date.now() });
    if (this.#remembered.size > MOST_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value!);
    return row;
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
