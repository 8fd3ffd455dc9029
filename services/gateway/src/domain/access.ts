import { Failure } from '@kneepoint/failures';
import { createProject, createToken, type Database, isAtLeast, type Role } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { AuditEntry, CreateTokenInput, Project, Token, Viewer } from '../schema/identity.ts';
import { isAbsent } from './absent.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';

type TokenRow = NonNullable<Awaited<ReturnType<Database['prisma']['token']['findUnique']>>>;
type Named = TokenRow & { readonly project: { readonly name: string } | null };
const PROJECT = { project: { select: { name: true } } } as const;

export function viewerOf({ principal }: Context): Viewer {
  const { name, kind, role, project, everywhere } = principal;
  return { name, kind, role, project: project.name, everywhere };
}

/** Those whose role holds in one project see that one. */
export async function listProjects({ db, everything }: Context, request: PageRequest): Promise<Page<Project>> {
  const { prisma } = everything ?? db;
  const { take, position } = readPage(request);
  const rows = await prisma.project.findMany({ where: afterPosition(position), orderBy: NEWEST_FIRST, take: take + 1 });
  return toPage({ rows, take, after: request.after, toNode: (row) => row, count: () => prisma.project.count() });
}

export async function listTokens(context: Context, request: PageRequest): Promise<Page<Token>> {
  const { prisma } = tokensOf(context);
  const { take, position } = readPage(request);
  const where = mine(context);
  const rows = await prisma.token.findMany({
    where: { AND: [where, afterPosition(position)] },
    orderBy: NEWEST_FIRST,
    take: take + 1,
    include: PROJECT,
  });
  return toPage({ rows, take, after: request.after, toNode: toToken, count: () => prisma.token.count({ where }) });
}

/** Throws TOKEN_OPTION_INVALID. */
export async function makeToken(
  { db, everything, principal }: Context,
  { name, role, expiresAt, everywhere }: CreateTokenInput,
): Promise<{ readonly token: Token; readonly secret: string }> {
  const forAll = everywhere === true;
  if (!isAtLeast(principal.role, role) || (forAll && everything === null)) {
    throw new Failure('TOKEN_OPTION_INVALID', 'a token cannot be allowed more than whoever makes it', {
      where: forAll ? 'everywhere' : 'role',
      fix: `You are ${principal.role} of ${everything === null ? `project "${principal.project.name}"` : 'every project'}.`,
    });
  }
  const { token, text } = await createToken(forAll ? everything! : db, {
    ...{ name, role, createdBy: principal.name },
    projectId: forAll ? null : principal.project.id,
    expiresAt: isAbsent(expiresAt) ? null : expiresAt,
  });
  return { token: toToken({ ...token, project: forAll ? null : principal.project }), secret: text };
}

/** Throws TOKEN_UNKNOWN. */
export async function revokeToken(context: Context, id: string): Promise<Token> {
  const { prisma } = tokensOf(context);
  const [clock] = await prisma.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  await prisma.token.updateMany({ where: { id, revokedAt: null, ...mine(context) }, data: { revokedAt: clock.now } });
  const row = await prisma.token.findFirst({ where: { id, ...mine(context) }, include: PROJECT });
  if (row !== null) return toToken(row);
  throw new Failure('TOKEN_UNKNOWN', `no token has the id ${JSON.stringify(id.slice(0, 80))}`, {
    where: 'id',
    fix: 'List the tokens and pass the id of one.',
  });
}

/** Throws NAME_INVALID, PROJECT_TAKEN, FORBIDDEN. */
export async function makeProject({ everything }: Context, name: string): Promise<Project> {
  if (everything === null) throw new Failure('FORBIDDEN', 'only those whose role holds in every project make projects');
  return createProject(everything, name);
}

export async function listAudit({ db }: Context, request: PageRequest): Promise<Page<AuditEntry>> {
  const { take, position } = readPage(request);
  const rows = await db.prisma.audit.findMany({
    where: afterPosition(position),
    orderBy: NEWEST_FIRST,
    take: take + 1,
  });
  return toPage({ rows, take, after: request.after, toNode: (row) => row, count: () => db.prisma.audit.count() });
}

/** Tokens for every project are seen by those who have such a role, and belong to no project that a database could be bound to. */
function tokensOf({ db, everything }: Context): Database {
  return everything ?? db;
}

function mine({ everything, principal }: Context): object {
  return everything === null ? {} : { OR: [{ projectId: principal.project.id }, { projectId: null }] };
}

function toToken({ id, name, role, project, createdBy, createdAt, expiresAt, revokedAt, lastUsedAt }: Named): Token {
  return {
    ...{ id, name, createdBy, createdAt, expiresAt, revokedAt, lastUsedAt },
    role: role as Role,
    project: project?.name ?? null,
  };
}
