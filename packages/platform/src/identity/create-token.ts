import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';
import type { Token } from '../database/generated/client.ts';
import type { Role } from './roles.ts';
import { digestOf, makeToken } from './token.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@ -]{0,99}$/u;
const MINUTE_MS = 60_000;
const LONGEST_MS = 10 * 366 * 24 * 3600_000;

export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  /** Id of the project that it is for; null: every project. A bound database makes tokens of its own project alone. */
  readonly projectId: string | null;
  readonly createdBy?: string;
  /** Null: it does not end by itself. */
  readonly expiresAt?: Date | null;
}

export interface CreatedToken {
  readonly token: Token;
  /** What the holder sends; it is known here and never again. */
  readonly text: string;
}

/** Makes an API token. Throws TOKEN_OPTION_INVALID. */
export async function createToken(
  { prisma }: Pick<Database, 'prisma'>,
  { name, role, projectId, createdBy, expiresAt = null }: TokenRequest,
): Promise<CreatedToken> {
  if (!NAME.test(name)) {
    throw invalid('name', `${JSON.stringify(name.slice(0, 80))} is not a name`, 'Name who or what will hold it.');
  }
  const away = expiresAt === null ? MINUTE_MS : expiresAt.getTime() - Date.now();
  if (!(away >= MINUTE_MS && away <= LONGEST_MS)) {
    throw invalid('expiresAt', 'a token ends from a minute to ten years after it was made', 'Pass such a time.');
  }
  const { id, secret, text } = makeToken();
  const data = { id, name, role, projectId, createdBy: createdBy ?? null, expiresAt, digest: digestOf(secret) };
  return { token: await prisma.token.create({ data }), text };
}

function invalid(where: string, message: string, fix: string): Failure {
  return new Failure('TOKEN_OPTION_INVALID', message, { where, fix });
}
