import { YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flat } from '../testing/lists.ts';
import { digest, seedDataset, seedModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';
import { conditionsOf, matches } from './run-filter.ts';

let gateway: TestGateway;
let ids: { readonly model: string; readonly dataset: string };
beforeAll(async () => {
  gateway = await openTestGateway();
  const [model, dataset] = [
    await seedModel(gateway),
    await seedDataset(gateway, [YAW, { ...YAW, name: 'pitch' }, { ...YAW, name: 'roll' }]),
  ];
  ids = { model: model.globalId, dataset: dataset.globalId };
});
afterAll(() => gateway.close());

interface RunView {
  readonly id: string;
  readonly name: string | null;
  readonly seq: number;
}

interface Payload {
  readonly run: RunView | null;
  readonly userErrors: readonly { readonly code: string; readonly field: string }[];
}

const RUN = 'id seq name labels { key value } metadata tasks input';

async function mutate(name: string, type: string, variables: { readonly input: object; readonly id?: string }) {
  const [params, args] = variables.id === undefined ? ['', ''] : ['$id: ID!, ', 'id: $id, '];
  const data = await gateway.query<Record<string, Payload>>(
    `mutation(${params}$input: ${type}!) { ${name}(${args}input: $input) { run { ${RUN} } userErrors { code field } } }`,
    variables,
  );
  return data[name]!;
}

const analyse = (input: object) =>
  mutate('launchAnalysis', 'LaunchAnalysisInput', { input: { ...ids, ...input } }).then(({ run }) => run!);
const update = (id: string, input: object) => mutate('updateRun', 'RunDetailsInput', { id, input });

describe('a run', () => {
  const labels = [
    { key: 'team', value: 'vision' },
    { key: 'ci/build', value: 'a=b' },
  ];

  it('keeps what is said of it with what it was launched with, and both as they were written', async () => {
    const metadata = { commit: '1f2e', deep: { list: [1, null, 'ε'] } };
    const plan = { tasks: ['pitch', 'yaw'], criterion: 'BN_SCALE', decide: 'MEAN', layer: null };
    const input = { ...ids, plan: { ...plan, criterion: 'TAYLOR' }, targets: [{ kind: 'MACS', remove: 0.5 }] };
    const { run } = await mutate('launchPrune', 'LaunchPruneInput', {
      input: { ...input, run: { name: 'nightly ε', labels, metadata }, idempotencyKey: 'a' },
    });
    expect(run).toMatchObject({ name: 'nightly ε', labels: [...labels].reverse(), metadata, input });
    // In the order of the data set.
    expect(run).toMatchObject({ tasks: ['yaw', 'pitch'] });
    expect(await analyse({})).toMatchObject({
      ...{ name: null, labels: [], metadata: null, input: ids },
      tasks: ['yaw', 'pitch', 'roll'],
    });
  });

  it('is told apart anew at any time, in part, and by nothing that another one says', async () => {
    const other = await analyse({ run: { name: 'other' } });
    const { id, seq } = await analyse({ run: { name: 'first', labels, metadata: { a: 1 } } });
    const named = await update(id, { name: 'second' });
    expect(named.run).toMatchObject({ name: 'second', labels: [...labels].reverse(), metadata: { a: 1 } });
    expect(named.run!.seq).toBeGreaterThan(seq);
    const cleared = await update(id, { name: null, labels: [{ key: 'x', value: '' }], metadata: null });
    expect(cleared.run).toMatchObject({ name: null, labels: [{ key: 'x', value: '' }], metadata: null });
    await gateway.query(`mutation { cancelRun(id: "${id}") { run { id } } }`);
    // Also once it has ended, and whoever takes it up again has it with all that was said of it.
    expect((await update(id, { name: 'third' })).run).toMatchObject({ name: 'third' });
    const { retryRun } = await gateway.query<{ retryRun: Payload }>(
      `mutation { retryRun(id: "${id}") { run { ${RUN} } userErrors { code field } } }`,
    );
    expect(retryRun.run).toMatchObject({ name: 'third', labels: [{ key: 'x' }], tasks: ['yaw', 'pitch', 'roll'] });
    expect(await gateway.query(`{ run(id: "${other.id}") { name seq } }`)).toEqual({
      run: { name: 'other', seq: other.seq },
    });
  });

  it.each<[string, object, string]>([
    ['a name of two lines', { name: 'a\nb' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name with a NUL', { name: 'a\0' }, 'name'],
    ['a key with a space', { labels: [{ key: 'a b', value: '' }] }, 'labels'],
    ['a key with what parts it from its value', { labels: [{ key: 'a=b', value: '' }] }, 'labels'],
    [
      'a key twice',
      {
        labels: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
      'labels',
    ],
    ['a value that is too long', { labels: [{ key: 'a', value: 'x'.repeat(201) }] }, 'labels'],
    ['too many labels', { labels: Array.from({ length: 33 }, (_, i) => ({ key: `k${i}`, value: '' })) }, 'labels'],
    ['metadata that are a list', { metadata: [1] }, 'metadata'],
    ['metadata of many bytes', { metadata: { a: 'x'.repeat(16_400) } }, 'metadata'],
  ])('does not keep %s', async (_what, details, field) => {
    const refused = (path: string) => ({ run: null, userErrors: [{ code: 'RUN_DETAILS_INVALID', field: path }] });
    const launched = await mutate('launchAnalysis', 'LaunchAnalysisInput', { input: { ...ids, run: details } });
    expect(launched).toEqual(refused(`input.run.${field}`));
    const { id } = await analyse({});
    expect(await update(id, details)).toEqual(refused(`input.${field}`));
  });
});

describe('a filter of runs', () => {
  it('finds by name, labels, task, who launched and when, in the database as in what is told, by an index', async () => {
    const made = [
      await analyse({ tasks: ['yaw'], run: { name: 'one', labels: [{ key: 'k', value: '1' }] } }),
      await analyse({
        tasks: ['yaw', 'roll'],
        run: {
          name: 'two',
          labels: [
            { key: 'k', value: '1' },
            { key: 'l', value: '' },
          ],
        },
      }),
      await analyse({ tasks: ['roll'], run: { name: 'one', labels: [{ key: 'k', value: '2' }] } }),
    ];
    const rows = await Promise.all(
      made.map(({ id }) =>
        gateway.db.prisma.run.findUniqueOrThrow({
          where: { id: Buffer.from(id, 'base64url').toString().slice('Run:'.length) },
        }),
      ),
    );
    const { createdBy, createdAt } = rows[1]!;
    const k = (value: string) => ({ key: 'k', value });
    const cases: [object, number[]][] = [
      [{ name: 'one' }, [0, 2]],
      [{ name: 'On' }, []],
      [{ labels: [k('1')] }, [0, 1]],
      [{ labels: [k('1'), { key: 'l', value: '' }] }, [1]],
      [{ labels: [k('3')] }, []],
      [{ task: 'roll', name: 'one' }, [2]],
      [{ task: 'yaw\0' }, []],
      [{ createdBy, labels: [k('2')] }, [2]],
      [{ createdBy: 'nobody' }, []],
      [{ createdFrom: createdAt.toISOString() }, [1, 2]],
      [{ createdBefore: createdAt.toISOString(), name: 'one' }, [0]],
      [{ states: ['SUCCEEDED', 'FAILED'] }, []],
      [{ states: ['QUEUED'], task: 'yaw', kind: 'ANALYSIS', ...ids, name: 'two' }, [1]],
      [{ states: [] }, []],
    ];
    for (const [filter, wanted] of cases) {
      let found: { runs: { id: string }[] } = { runs: [] };
      const statements = await gateway.statementsOf(async () => {
        found = flat(
          await gateway.query(
            'query($filter: RunFilter) { runs(first: 100, filter: $filter) { edges { node { id } } } }',
            {
              filter,
            },
          ),
        );
      });
      const own = found.runs.map(({ id }) => made.findIndex((run) => run.id === id)).filter((at) => at >= 0);
      expect(own.sort(), JSON.stringify(filter)).toEqual(wanted);
      expect(statements.filter((statement) => statement.includes('"run"'))).toHaveLength(1);
      const dates = Object.entries(filter).map(([name, value]) => [
        name,
        name.startsWith('created') && name !== 'createdBy' ? new Date(value as string) : (value as unknown),
      ]);
      const conditions = conditionsOf(Object.fromEntries(dates) as Parameters<typeof conditionsOf>[0]);
      expect(rows.flatMap((row, at) => (matches(conditions, row) ? [at] : []))).toEqual(wanted);
    }
  });

  it('is refused where no run can match for its form', async () => {
    const ask = (filter: string) => gateway.post(`{ runs(first: 1, filter: { ${filter} }) { totalCount } }`);
    const refused = (code: string, where: string) => [{ extensions: { code, where } }];
    const [from, before] = ['createdFrom: "2026-01-02T00:00:00Z"', 'createdBefore: "2026-01-01T00:00:00Z"'];
    expect((await ask(`${from}, ${before}`)).errors).toMatchObject(
      refused('RUN_FILTER_INVALID', 'filter.createdBefore'),
    );
    expect((await ask('labels: [{ key: "", value: "" }]')).errors).toMatchObject(
      refused('RUN_DETAILS_INVALID', 'filter.labels'),
    );
  });
});

it('an artifact is found again by its id in its own project, and in no other', async () => {
  const sha256 = digest();
  await gateway.db.prisma.project.create({ data: { id: 'theirs', name: 'theirs' } });
  const theirs = gateway.db.forProject('theirs');
  await theirs.prisma.artifact.create({ data: { sha256, bytes: 5n, mediaType: 'x' } });
  const query = `{ node(id: "${globalId('Artifact', sha256)}") { id ... on Artifact { sha256 bytes } } }`;
  expect(await gateway.query(query)).toEqual({ node: null });
  await gateway.db.forProject('default').prisma.artifact.create({ data: { sha256, bytes: 5n, mediaType: 'x' } });
  expect(await gateway.query(query)).toEqual({ node: { id: globalId('Artifact', sha256), sha256, bytes: 5 } });
});
