import { YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedDataset, seedModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
let ids: { readonly model: string; readonly dataset: string };
beforeAll(async () => {
  gateway = await openTestGateway();
  const [model, dataset] = [await seedModel(gateway), await seedDataset(gateway, [YAW])];
  ids = { model: model.globalId, dataset: dataset.globalId };
});
afterAll(() => gateway.close());

interface Payload {
  readonly run: { readonly id: string; readonly state: string } | null;
  readonly userErrors: readonly { readonly code: string }[];
}

const PAYLOAD = '{ run { id kind state } userErrors { code field message } }';

async function launch(name: string, input: object): Promise<Payload> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const data = await gateway.query<Record<string, Payload>>(
    `mutation($input: ${type}!) { ${name}(input: $input) ${PAYLOAD} }`,
    { input: { ...ids, ...input } },
  );
  return data[name]!;
}

async function settle({ id }: { readonly id: string }): Promise<Payload> {
  const data = await gateway.query<{ settleCompression: Payload }>(
    `mutation($id: ID!) { settleCompression(id: $id) ${PAYLOAD} }`,
    { id },
  );
  return data.settleCompression;
}

describe('a search that somebody is tired of', () => {
  const rowOf = (run: { readonly id: string }): string =>
    Buffer.from(run.id, 'base64url').toString().slice('Run:'.length);
  const pairsOf = async (run: { readonly id: string }) => {
    const steps = await gateway.db.prisma.step.findMany({ where: { runId: rowOf(run) }, orderBy: { position: 'asc' } });
    const at = steps.findIndex(({ kind, input }) => kind === 'prune' && 'round' in (input as object));
    return steps.slice(at).filter(({ kind }) => kind === 'prune' || kind === 'finetune');
  };

  it('ends with the rounds that are done, which the new run shares', async () => {
    const { run } = await launch('launchCompression', { plan: { task: 'yaw' }, keep: { share: 0.9 }, rounds: 5 });
    const before = await pairsOf(run!);
    expect(before).toHaveLength(2 * (5 + 1));
    expect(await settle(run!)).toMatchObject({
      run: null,
      userErrors: [
        { code: 'RUN_NOT_SETTLEABLE', field: 'id', message: expect.stringContaining('not finished a round') as string },
      ],
    });
    const done = before.slice(0, 4).map(({ id }) => id);
    await gateway.db.prisma.step.updateMany({ where: { id: { in: done } }, data: { state: 'SUCCEEDED' } });
    const settled = await settle(run!);
    expect(settled).toMatchObject({ run: { kind: 'COMPRESSION', state: 'QUEUED' }, userErrors: [] });
    expect((await settle(run!)).run!.id).toBe(settled.run!.id);
    const after = await pairsOf(settled.run!);
    expect(after).toHaveLength(2 * (2 + 1));
    expect(after.slice(0, 4).map(({ key }) => key)).toEqual(before.slice(0, 4).map(({ key }) => key));
    expect(after[4]!.input).toMatchObject({ round: { closing: true } });
    const row = await gateway.db.prisma.run.findUniqueOrThrow({ where: { id: rowOf(run!) } });
    expect(row.state).toBe('CANCELED');
  });

  it.each([
    [
      'a compression to a target',
      'launchCompression',
      { plan: { task: 'yaw' }, targets: [{ kind: 'MACS', remove: 0.5 }] },
    ],
    ['an analysis', 'launchAnalysis', {}],
  ])('is not %s', async (_what, launched, input) => {
    const { run } = await launch(launched, input);
    expect(await settle(run!)).toMatchObject({
      run: null,
      userErrors: [{ code: 'RUN_NOT_SETTLEABLE' }],
    });
  });
});
