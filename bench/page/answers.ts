import { epsilons } from './epsilons.ts';

/** What a gateway would answer of networks with so many layers, and of so many runs: made up, of the size of real answers. */
export interface Subject {
  readonly layers: number;
  readonly points: number;
  readonly runs: number;
}

type Answer = (subject: Subject, variables: Readonly<Record<string, unknown>>) => object;

const FILTERS = 512;
const TASKS = ['age', 'gender'];
const BEGUN = Date.UTC(2026, 0, 1);

const names = ({ layers }: Subject): string[] => Array.from({ length: layers }, (_, at) => `features.${at}.conv`);

function curve(layer: string, at: number, { layers, points }: Subject): object {
  return {
    layer,
    filters: FILTERS,
    points: Array.from({ length: points }, (_, point) => {
      const share = point / (points - 1);
      const rmseValidation = 0.4 + (0.6 - (0.4 * at) / layers) * Math.exp(-6 * share) + 0.01 * Math.sin(9 * point + at);
      return { filters: Math.round(share * FILTERS), rmseTrain: rmseValidation - 0.02, rmseValidation };
    }),
  };
}

/** By the name of the operation. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  Overview: () => ({ viewer: { name: 'bench', kind: 'LOCAL', role: 'ADMIN', project: 'default' } }),
  Sources: () => ({
    models: {
      totalCount: 1,
      edges: [
        {
          node: {
            ...{ id: 'model', name: 'network', names: ['network'], parameters: 138e6, macs: 15.5e9 },
            ...{ primaryTask: null, createdAt: new Date(BEGUN).toISOString(), createdBy: null, notes: [] },
          },
        },
      ],
    },
    datasets: {
      totalCount: 1,
      edges: [
        {
          node: {
            ...{ id: 'dataset', name: 'pictures', names: ['pictures'], images: 20_000, subject: null },
            ...{ createdAt: new Date(BEGUN).toISOString(), createdBy: null, notes: [] },
            tasks: TASKS.map((name) => ({ name, type: 'CONTINUOUS', classes: null, unit: null })),
          },
        },
      ],
    },
  }),
  Curves: (subject) => ({ characteristicCurves: names(subject).map((layer, at) => curve(layer, at, subject)) }),
  Frontier: (subject) => {
    const size = (share: number): object => ({
      parameters: Math.round(138e6 * share ** 2),
      macs: Math.round(15.5e9 * share ** 2),
      bytes: Math.round(552e6 * share ** 2),
    });
    const all = epsilons();
    return {
      compressionFrontier: {
        ...{ bestLayer: names(subject).at(-1), pool: 'GLOBAL', before: size(1) },
        layers: names(subject).map((name) => ({ name, filters: FILTERS, prunable: true, reason: null })),
        points: all.map((epsilon, at) => {
          const share = 1 - (0.95 * at) / (all.length - 1);
          const kept = names(subject).map((_, layer) => Math.max(1, Math.round(share * FILTERS - (layer % 7) * 3)));
          return { epsilon, kept, after: size(share) };
        }),
      },
    };
  },
  RunList: ({ runs }, { first, after }) => {
    const from = typeof after === 'string' ? Number(after) : 0;
    const to = Math.min(runs, from + Number(first));
    return {
      runs: {
        totalCount: runs,
        edges: Array.from({ length: to - from }, (_, at) => ({ node: run(from + at) })),
        pageInfo: { hasNextPage: to < runs, endCursor: String(to) },
      },
    };
  },
};

function run(at: number): object {
  const hasFailed = at % 13 === 0;
  const time = new Date(BEGUN - at * 60_000).toISOString();
  return {
    ...{ id: `run-${at}`, kind: 'COMPRESSION', state: hasFailed ? 'FAILED' : 'SUCCEEDED', seq: 40, name: `run ${at}` },
    ...{ labels: [{ key: 'team', value: 'vision' }], tasks: [TASKS[at % 2]], createdAt: time, endedAt: time },
    ...{ reused: false, model: { name: 'network' }, dataset: { name: 'pictures' } },
    ...{ progress: { fraction: 1, current: null }, failure: hasFailed ? { code: 'RUNTIME_MEMORY_LIMIT' } : null },
  };
}

/** The answer to an operation; an error as GraphQL has it for one that the bench knows nothing of. */
export function answerTo(
  { query, variables = {} }: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> },
  subject: Subject,
): object {
  const name = /^\s*(?:query|subscription|mutation)\s+(\w+)/.exec(query)?.[1] ?? '';
  const answer = ANSWERS[name];
  return answer
    ? { data: answer(subject, variables) }
    : { errors: [{ message: `the bench has no answer to ${name}` }] };
}
