import { launchRun } from '@kneepoint/platform';
import { planBenchmark } from '@kneepoint/workflow';
import { YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { startPostgres } from '../../../../test/support/postgres.ts';
import type { RunningService } from '../../../../test/support/server-process.ts';
import { digest, seedDataset, seedModel, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';

let gateway: TestGateway;

type Kind = 'Model' | 'Dataset';
const FIELD = { Model: 'model', Dataset: 'dataset' } as const;
const LIST = { Model: 'models', Dataset: 'datasets' } as const;

/** A row under a name, of the content of another row or of its own; the id by which clients know it. */
async function seed(kind: Kind, name: string, as?: string): Promise<string> {
  const { db } = gateway;
  if (kind === 'Model') {
    const { id, globalId: known } = await seedModel(gateway, { name });
    if (as !== undefined) await db.prisma.model.update({ where: { id }, data: { sha256: as } });
    return known;
  }
  const { id, globalId: known } = await seedDataset(gateway, [YAW]);
  await db.prisma.dataset.update({ where: { id }, data: { name, ...(as === undefined ? {} : { sha256: as }) } });
  return known;
}

const local = (id: string): string => Buffer.from(id, 'base64url').toString('utf8').split(':')[1]!;

interface Change {
  readonly name: string | null;
  readonly names: readonly string[];
  readonly errors: readonly { readonly code: string; readonly field: string }[];
}

async function change(kind: Kind, verb: 'rename' | 'remove', args: string): Promise<Change> {
  const mutation = `${verb}${kind}`;
  const field = FIELD[kind];
  const data = await gateway.query<Record<string, { userErrors: Change['errors'] } & Record<string, Change | null>>>(
    `mutation { ${mutation}(${args}) { ${field} { name names } userErrors { code field } } }`,
  );
  const payload = data[mutation]!;
  return { name: payload[field]?.name ?? null, names: payload[field]?.names ?? [], errors: payload.userErrors };
}

async function listed(kind: Kind, name?: string): Promise<string[]> {
  const filter = name === undefined ? '' : `, name: ${JSON.stringify(name)}`;
  const data = await gateway.query<Record<string, { edges: { node: { name: string } }[]; totalCount: number }>>(
    `{ ${LIST[kind]}(first: 100${filter}) { totalCount edges { node { name } } } }`,
  );
  const { edges, totalCount } = data[LIST[kind]]!;
  expect(totalCount).toBe(edges.length);
  return edges.map(({ node }) => node.name).sort();
}

const runOn = (kind: Kind, id: string) =>
  seedRun(gateway, kind === 'Model' ? { modelId: local(id) } : { datasetId: local(id) });

describe.each(['PGlite', ...(available('postgres') ? ['PostgreSQL'] : [])])('in %s', (database) => {
  let server: RunningService | undefined;
  beforeAll(async () => {
    server = database === 'PostgreSQL' ? await startPostgres() : undefined;
    gateway = await openTestGateway(server ? { databaseUrl: server.url } : {});
  });
  beforeEach(async () => {
    await gateway.db.prisma.run.deleteMany();
    await gateway.db.prisma.model.deleteMany();
    await gateway.db.prisma.dataset.deleteMany();
  });
  afterAll(async () => {
    await gateway.close();
    await server?.stop();
  });

  describe.each(['Model', 'Dataset'] as const)('names of a %s', (kind) => {
    const unknown = kind === 'Model' ? 'MODEL_UNKNOWN' : 'DATASET_UNKNOWN';
    const inUse = kind === 'Model' ? 'MODEL_IN_USE' : 'DATASET_IN_USE';

    it('one content has any number of them, each row says all, and a list can be of one name', async () => {
      const sha256 = digest();
      const first = await seed(kind, 'faces', sha256);
      await seed(kind, 'people', sha256);
      await seed(kind, 'faces');
      expect(await listed(kind)).toEqual(['faces', 'faces', 'people']);
      expect(await listed(kind, 'faces')).toEqual(['faces', 'faces']);
      const data = await gateway.query<Record<string, { names: string[] }>>(
        `{ ${FIELD[kind]}(id: "${first}") { names } }`,
      );
      expect(data[FIELD[kind]]!.names).toEqual(['faces', 'people']);
    });

    it('renaming changes one of them and no other', async () => {
      const sha256 = digest();
      const id = await seed(kind, 'faces', sha256);
      await seed(kind, 'people', sha256);
      expect(await change(kind, 'rename', `id: "${id}", name: "visages"`)).toMatchObject({
        name: 'visages',
        errors: [],
      });
      expect(await listed(kind)).toEqual(['people', 'visages']);
      expect(await change(kind, 'rename', `id: "${id}", name: "visages"`)).toMatchObject({
        name: 'visages',
        errors: [],
      });
    });

    it('a name that is taken, that cannot be, or of what is not there is refused', async () => {
      const id = await seed(kind, 'faces');
      await seed(kind, 'people');
      expect((await change(kind, 'rename', `id: "${id}", name: "people"`)).errors).toEqual([
        { code: 'NAME_TAKEN', field: 'name' },
      ]);
      expect((await change(kind, 'rename', `id: "${id}", name: "../x"`)).errors).toEqual([
        { code: 'NAME_INVALID', field: 'name' },
      ]);
      const nobody = globalId(kind, 'nobody');
      expect((await change(kind, 'rename', `id: "${nobody}", name: "x"`)).errors).toEqual([
        { code: unknown, field: 'id' },
      ]);
      expect((await change(kind, 'remove', `id: "${nobody}"`)).errors).toEqual([{ code: unknown, field: 'id' }]);
      expect(await listed(kind)).toEqual(['faces', 'people']);
    });

    it('removing one leaves the others; runs keep the name that they had, and nothing new starts from it', async () => {
      const sha256 = digest();
      const id = await seed(kind, 'faces', sha256);
      await seed(kind, 'people', sha256);
      const run = await runOn(kind, id);
      await gateway.db.prisma.run.update({ where: { id: run.id }, data: { state: 'SUCCEEDED' } });
      expect(await change(kind, 'remove', `id: "${id}"`)).toEqual({ name: 'faces', names: ['people'], errors: [] });
      expect(await listed(kind)).toEqual(['people']);
      const field = FIELD[kind];
      expect(
        await gateway.query(
          `{ ${field}(id: "${id}") { name } node(id: "${id}") { id } run(id: "${globalId('Run', run.id)}") { ${field} { name } } }`,
        ),
      ).toEqual({ [field]: null, node: null, run: { [field]: { name: 'faces' } } });
      expect((await change(kind, 'remove', `id: "${id}"`)).errors).toEqual([{ code: unknown, field: 'id' }]);
      const other = await seed(kind === 'Model' ? 'Dataset' : 'Model', 'other');
      const [model, dataset] = kind === 'Model' ? [id, other] : [other, id];
      expect(
        await gateway.query(
          `mutation { launchAnalysis(input: { model: "${model}", dataset: "${dataset}" }) { userErrors { code } } }`,
        ),
      ).toEqual({ launchAnalysis: { userErrors: [{ code: unknown }] } });
    });

    it('a name that was removed is free again, also for the same content', async () => {
      const sha256 = digest();
      const removed = await seed(kind, 'faces', sha256);
      const run = await runOn(kind, removed);
      await gateway.db.prisma.run.update({ where: { id: run.id }, data: { state: 'SUCCEEDED' } });
      await change(kind, 'remove', `id: "${removed}"`);
      const id = await seed(kind, 'people', sha256);
      expect(await change(kind, 'rename', `id: "${id}", name: "faces"`)).toMatchObject({ name: 'faces', errors: [] });
      const { modelId, datasetId } = await gateway.db.prisma.run.findUniqueOrThrow({ where: { id: run.id } });
      expect(modelId ?? datasetId).toBe(local(id));
    });

    it('what a run that has not ended uses is not removed', async () => {
      const id = await seed(kind, 'faces');
      const run = await runOn(kind, id);
      expect((await change(kind, 'remove', `id: "${id}"`)).errors).toEqual([{ code: inUse, field: 'id' }]);
      await gateway.db.prisma.run.update({ where: { id: run.id }, data: { state: 'CANCELED' } });
      expect((await change(kind, 'remove', `id: "${id}"`)).errors).toEqual([]);
    });
  });

  it('a model that a benchmark times is not removed while it has no other name', async () => {
    const sha256 = digest();
    const id = await seed('Model', 'net', sha256);
    const steps = planBenchmark({ networks: [{ name: 'net', sha256 }], batch: 1, runs: 10 });
    await launchRun(gateway.db, { kind: 'BENCHMARK', input: {}, steps });
    expect((await change('Model', 'remove', `id: "${id}"`)).errors).toEqual([{ code: 'MODEL_IN_USE', field: 'id' }]);
    await seed('Model', 'same', sha256);
    expect((await change('Model', 'remove', `id: "${id}"`)).errors).toEqual([]);
  });
});
