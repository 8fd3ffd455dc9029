import {
  DatasetsDocument,
  isFailure,
  type KneepointClient,
  ModelsDocument,
  nodesOf,
  RunDocument,
  type RunFieldsFragment,
  RunsDocument,
} from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly artifact: { readonly sha256: string };
  /** Of models: the same bytes read in another way are another model. */
  readonly preprocess?: unknown;
}

const KINDS = {
  model: { noun: 'model', unknown: 'MODEL_UNKNOWN' },
  dataset: { noun: 'data set', unknown: 'DATASET_UNKNOWN' },
} as const;

export type NamedKind = keyof typeof KINDS;

/** As people write them: a name, with the beginning of a digest where several contents have it. */
const AT = /^(?<name>.+)@(?<digest>[0-9a-f]{4,64})$/;
const DIGEST = /^[0-9a-f]{8,64}$/;
/** Digits of a digest that are shown: no two contents of one name share them. */
export const SHORT = 12;

/** The id of the model that a person means: by its name, NAME@DIGEST, digest or id. Throws MODEL_UNKNOWN, NAME_AMBIGUOUS. */
export async function findModel(client: KneepointClient, given: string): Promise<string> {
  return (await findNamed(client, 'model', given)).id;
}

/** The id of the data set that a person means, in the same ways. Throws DATASET_UNKNOWN, NAME_AMBIGUOUS. */
export async function findDataset(client: KneepointClient, given: string): Promise<string> {
  return (await findNamed(client, 'dataset', given)).id;
}

/**
 * The row that a person means. A digest that has several names means its content, whichever row that is; `one`, for what changes a
 * row, refuses it. Throws MODEL_UNKNOWN, DATASET_UNKNOWN, NAME_AMBIGUOUS.
 */
export async function findNamed(
  client: KneepointClient,
  kind: NamedKind,
  given: string,
  { one = false }: { readonly one?: boolean } = {},
): Promise<Named> {
  const { name = given, digest = '' } = AT.exec(given)?.groups ?? {};
  const called = (await list(client, kind, name)).filter(({ artifact }) => artifact.sha256.startsWith(digest));
  if (called.length === 1) return called[0]!;
  if (called.length > 1) throw ambiguous(kind, given, called);
  const all = await list(client, kind);
  const byId = all.find(({ id }) => id === given);
  if (byId !== undefined) return byId;
  const same = DIGEST.test(given) ? all.filter(({ artifact }) => artifact.sha256.startsWith(given)) : [];
  const [first] = same;
  if (first === undefined) throw unknown(kind, given, all);
  const contents = new Set(same.map(({ artifact, preprocess }) => `${artifact.sha256} ${JSON.stringify(preprocess)}`));
  if (contents.size > 1 || (one && same.length > 1)) throw ambiguous(kind, given, same);
  return first;
}

/** Newest first; all, or those of a name. */
function list(client: KneepointClient, kind: NamedKind, name: string | null = null): Promise<readonly Named[]> {
  return kind === 'model'
    ? client.list(ModelsDocument, { name }, ({ models }) => models)
    : client.list(DatasetsDocument, { name }, ({ datasets }) => datasets);
}

function ambiguous(kind: NamedKind, given: string, rows: readonly Named[]): Failure {
  const shown = rows.slice(0, 20).map(({ id, name, createdAt, artifact }) => {
    return `  ${name}@${artifact.sha256.slice(0, SHORT)}  registered ${createdAt}, id ${id}`;
  });
  const rest = rows.length > shown.length ? [`  and ${rows.length - shown.length} more`] : [];
  const lines = [...shown, ...rest].join('\n');
  return new Failure('NAME_AMBIGUOUS', `"${given}" may be any of ${rows.length} ${KINDS[kind].noun}s:\n${lines}`, {
    where: given,
    fix: 'Say which, as NAME@DIGEST or by its id; `rename` and `remove` make names clear again.',
  });
}

/** Runs that are suggested. */
const SUGGESTED = 8;

/** The run that a person means: by its id, or the newest that is called so. Throws RUN_UNKNOWN with those that there are. */
export async function findRun(client: KneepointClient, given: string): Promise<RunFieldsFragment> {
  const { run } = await client.query(RunDocument, { id: given }).catch((error: unknown) => {
    if (isFailure(error, 'ID_INVALID')) return { run: null };
    throw error;
  });
  if (run !== null) return run;
  const [named] = nodesOf((await client.query(RunsDocument, { first: 1, filter: { name: given } })).runs);
  if (named !== undefined) return named;
  const newest = nodesOf((await client.query(RunsDocument, { first: SUGGESTED })).runs);
  const lines = newest.map(({ id, kind, state, name, model }) => {
    const about = [kind, name, model?.name, state].filter((part) => part !== null && part !== undefined);
    return `\n  ${id}  ${about.join(', ')}`;
  });
  throw new Failure('RUN_UNKNOWN', `no run has the id or name ${given}`, {
    where: given,
    fix:
      newest.length === 0
        ? 'None was launched yet.'
        : `Pass an id of \`kneepoint runs\`. The newest are:${lines.join('')}`,
  });
}

function unknown(kind: NamedKind, given: string, all: readonly Named[]): Failure {
  const names = [...new Set(all.map(({ name }) => name))].slice(0, 20);
  return new Failure(KINDS[kind].unknown, `"${given}" is neither a name, a digest nor an id`, {
    fix: names.length === 0 ? 'None is registered yet: add one first.' : `There are: ${names.join(', ')}.`,
  });
}
