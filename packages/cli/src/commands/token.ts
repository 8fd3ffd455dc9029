import type { Role } from '@kneepoint/platform';
import {
  CreateTokenDocument,
  nodesOf,
  RevokeTokenDocument,
  type Role as GatewayRole,
  type TokenFieldsFragment,
  TokensDocument,
} from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { note, print, printJson } from '../output.ts';
import { camel } from '../render/number.ts';
import { table } from '../render/table.ts';
import { readAge } from './gc.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface CreateOptions extends ServerOptions {
  readonly role: string;
  readonly expires?: string;
  readonly everywhere?: boolean;
  readonly project?: string;
  readonly database?: boolean;
}

/** Tokens that are listed. */
const NEWEST = 100;

/** `token create`, `list` and `revoke`. */
export function registerToken(program: Command): void {
  const parent = program.command('token').description('API tokens of a project, for those who administer it');
  withServerOptions(parent.command('create <name>'))
    .description('make a token; it is printed once and kept nowhere')
    .requiredOption('--role <role>', 'viewer, operator or admin')
    .option('--expires <age>', 'how long it is valid, such as 90d (default: until it is revoked)')
    .option('--everywhere', 'for every project')
    .option('--project <name>', 'with --database: the project that it is for (default: default)')
    .option('--database', 'write it into the database that DATABASE_URL names, without a gateway: for the first token')
    .action(create);
  withServerOptions(parent.command('list'))
    .description('the newest hundred tokens, revoked ones too')
    .action(async (options: ServerOptions) => {
      const tokens = await withConnection(options, async ({ client }) => {
        return nodesOf((await client.query(TokensDocument, { first: NEWEST })).tokens);
      });
      if (options.json) return printJson(tokens);
      const rows = tokens.map((token) => [
        ...[token.id, token.name, camel(token.role), token.project ?? '(every project)', stateOf(token)],
        token.lastUsedAt ?? 'never',
      ]);
      print(table(['id', 'name', 'role', 'project', 'state', 'last used'], rows));
    });
  withServerOptions(parent.command('revoke <id>'))
    .description('end a token for good, within seconds')
    .action(async (id: string, options: ServerOptions) => {
      const { token } = await withConnection(options, ({ client }) => client.mutate(RevokeTokenDocument, { id }));
      if (options.json) printJson(token);
      else print(`token ${token.name} (${token.id}) is revoked`);
    });
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { role, expires, everywhere = false, database, json } = options;
  const expiresAt = expires === undefined ? null : new Date(Date.now() + readAge('--expires', expires));
  const made = database
    ? await createInDatabase(name, options, expiresAt)
    : await withConnection(options, async ({ client }) => {
        const held = requireRole(role).toUpperCase() as GatewayRole;
        const input = { name, role: held, everywhere, expiresAt: expiresAt?.toISOString() ?? null };
        const { token, secret } = await client.mutate(CreateTokenDocument, { input });
        return { id: token.id, token: secret };
      });
  if (json) return printJson(made);
  print(made.token);
  note(`its id is ${made.id}; it is not shown again`);
}

/** What `migrate` and `gc` do: on the database itself, by whoever may. */
async function createInDatabase(
  name: string,
  { role, everywhere, project: named = 'default', dataDir }: CreateOptions,
  expiresAt: Date | null,
): Promise<{ readonly id: string; readonly token: string }> {
  const { createToken, openDatabase, readConfig } = await import('@kneepoint/platform');
  const { databaseUrl } = readConfig(toEnvironment(dataDir === undefined ? {} : { dataDir }));
  const db = await openDatabase(databaseUrl);
  try {
    const project = await db.prisma.project.findUnique({ where: { name: named } });
    if (project === null) {
      throw new Failure('TOKEN_OPTION_INVALID', `there is no project "${named}"`, {
        where: '--project',
        fix: 'Make it first: kneepoint project create NAME.',
      });
    }
    const { token, text } = await createToken(db, {
      ...{ name, role: requireRole(role), expiresAt, createdBy: 'token create --database' },
      projectId: everywhere === true ? null : project.id,
    });
    return { id: token.id, token: text };
  } finally {
    await db.close();
  }
}

function requireRole(role: string): Role {
  if (role === 'viewer' || role === 'operator' || role === 'admin') return role;
  throw new Failure('TOKEN_OPTION_INVALID', `"${role}" is no role`, {
    where: '--role',
    fix: 'Pass viewer, operator or admin.',
  });
}

function stateOf({ revokedAt, expiresAt }: TokenFieldsFragment): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  if (expiresAt === null) return 'valid';
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt}` : `until ${expiresAt}`;
}
