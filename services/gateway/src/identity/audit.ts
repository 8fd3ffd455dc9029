import { Failure } from '@kneepoint/failures';
import { cleanText } from '@kneepoint/platform';
import type { GraphQLFieldResolver } from 'graphql';
import type { Context } from '../context.ts';
import { Refusals } from './refusals.ts';

type Resolver = GraphQLFieldResolver<unknown, Context>;

/** More of them say no more. */
const MOST_SUBJECTS = 50;
const LONGEST = 200;

interface Payload {
  readonly userErrors?: readonly { readonly code: string }[];
}

/** Writes who asked for a mutation, and what came of it, into the log of the project; also what was refused. */
export function audited(operation: string, resolve: Resolver): Resolver {
  return async (source, args, context, info) => {
    try {
      const payload = (await resolve(source, args as object, context, info)) as Payload;
      const [error] = payload.userErrors ?? [];
      await write(context, operation, [...idsIn(args), ...idsIn(payload)], error?.code ?? 'OK');
      return payload;
    } catch (error) {
      await write(context, operation, idsIn(args), error instanceof Failure ? error.code : 'INTERNAL');
      throw error;
    }
  };
}

const refusals = new Refusals();

async function write(context: Context, operation: string, ids: readonly string[], outcome: string): Promise<void> {
  const { log, principal } = context;
  const subjects = [...new Set(ids)].slice(0, MOST_SUBJECTS);
  log.info({ operation, principal: principal.id, project: principal.project.name, subjects, outcome }, 'mutation');
  const tellMore = (more: number): void =>
    void insert(context, { operation, subjects: [`${more} more refusals within a minute`], outcome: 'RATE_EXCEEDED' });
  if (outcome !== 'OK' && !refusals.admit(`${principal.project.id} ${principal.id}`, tellMore)) return;
  await insert(context, { operation, subjects, outcome });
}

interface Entry {
  readonly operation: string;
  readonly subjects: string[];
  readonly outcome: string;
}

async function insert({ db, log, principal, requestId }: Context, entry: Entry): Promise<void> {
  const who = { principal: principal.id, principalName: cleanText(principal.name), requestId };
  // What was done is done: that it cannot be written down must not make the client do it again. The log has it.
  await db.prisma.audit
    .create({ data: { ...who, ...entry } })
    .catch((error: unknown) => log.error({ err: error, ...entry }, 'the audit log was not written'));
}

/** Ids and digests in what was asked for or made: texts under names that say so. Never a secret. */
function idsIn(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > 3 || value instanceof Date) return [];
  if (Array.isArray(value)) return value.flatMap((one) => idsIn(one, depth + 1));
  return Object.entries(value).flatMap(([name, inner]) => {
    if (!SUBJECTS.has(name)) return typeof inner === 'object' ? idsIn(inner, depth + 1) : [];
    const texts = Array.isArray(inner) ? inner : [inner];
    return texts.flatMap((text) =>
      typeof text === 'string' ? [cleanText(text.slice(0, LONGEST))] : idsIn(text, depth + 1),
    );
  });
}

/** Fields that name what a mutation is about. */
const SUBJECTS = new Set([
  'id',
  'model',
  'models',
  'dataset',
  'artifact',
  'artifacts',
  'upload',
  'sha256',
  'name',
  'path',
]);
