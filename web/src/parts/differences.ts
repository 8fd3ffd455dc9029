import type { RunToCompareQuery } from '../generated/graphql.ts';

type Run = NonNullable<RunToCompareQuery['run']>;

/** What is said of a run, by a name such as "plan.criterion". */
export type Facts = ReadonlyMap<string, string>;

export interface Difference {
  readonly name: string;
  /** In the order of the runs; undefined where it is not said of one. */
  readonly values: readonly (string | undefined)[];
}

/** Ids of what its name says already. */
const NAMED = new Set(['input.model', 'input.dataset']);

/** What a run was launched with and what is said of it, each fact by itself. */
export function factsOf(run: Run): Facts {
  const { kind, state, tasks, labels, metadata, input, createdBy, model, dataset, startedAt, endedAt } = run;
  const seconds =
    startedAt === null || endedAt === null ? undefined : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const all = new Map<string, string>();
  flatten(
    {
      ...{ kind, state, network: model?.name, 'data set': dataset?.name, tasks },
      labels: Object.fromEntries(labels.map(({ key, value }) => [key, value])),
      ...{ input, metadata, 'launched by': createdBy },
      seconds: seconds === undefined ? undefined : Math.round(seconds),
    },
    '',
    all,
  );
  return new Map([...all].flatMap(([name, value]) => (NAMED.has(name) ? [] : [[name.replace(/^input\./, ''), value]])));
}

function flatten(value: unknown, name: string, into: Map<string, string>): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    if (value.length > 0) into.set(name, value.join(', '));
    return;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(name, String(value));
    return;
  }
  for (const [key, member] of Object.entries(value)) flatten(member, name === '' ? key : `${name}.${key}`, into);
}

/** Only what is not the same everywhere, in the order in which it is first said. */
export function differing(all: readonly Facts[]): readonly Difference[] {
  const names = [...new Set(all.flatMap((facts) => [...facts.keys()]))];
  return names
    .map((name) => ({ name, values: all.map((facts) => facts.get(name)) }))
    .filter(({ values }) => new Set(values).size > 1);
}
