import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { encodeModel, type ModelProto } from '@kneepoint/onnx';
import { describeModel, type Report, REPORT } from '@kneepoint/workflow';
import { measuredArm, tinyNet, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedCompression } from '../testing/seed-compression.ts';
import { digest, seedDataset, seedModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId, localId } from './ids.ts';

const ROOT = new URL('../../../../', import.meta.url);

let gateway: TestGateway;
let model: Awaited<ReturnType<typeof seedModel>>;
let dataset: Awaited<ReturnType<typeof seedDataset>>;
beforeAll(async () => {
  gateway = await openTestGateway({ settings: { KNEEPOINT_PUBLIC_URL: 'https://kneepoint.example.org/kp' } });
  const { sha256 } = await gateway.store.put(encodeModel(saying({ License: 'MIT', author: 'ada', epochs: '12' })));
  model = await seedModel(gateway, { name: 'tiny', skeletonSha256: sha256, primaryTask: 'age' });
  dataset = await seedDataset(gateway, [YAW]);
});
afterAll(() => gateway.close());

/** A network whose file says something of itself. */
function saying(entries: Readonly<Record<string, string>>): ModelProto {
  const model = describeModel(tinyNet().model, entries);
  for (const entry of model.metadataProps) entry.value = entries[entry.key]!;
  return model;
}

/** A compression that has ended, with a report step for each ε. `open`: with another step that has not. */
function seed(epsilons: readonly number[], more: object = {}, open = false): Promise<string> {
  return seedCompression(gateway, { model, dataset, results: epsilons.map((epsilon) => ({ epsilon })), more, open });
}

const FILE = 'file { sha256 bytes downloadUrl }';

async function fileOf(id: string): Promise<{ readonly sha256: string; readonly downloadUrl: string } | null> {
  interface View {
    readonly run: { readonly report: { readonly file: { sha256: string; downloadUrl: string } } | null };
  }
  const { run } = await gateway.query<View>(`query($id: ID!) { run(id: $id) { report { ${FILE} } } }`, { id });
  return run.report?.file ?? null;
}

describe('the report of a run', () => {
  it('is one document, valid by its schema, that needs nothing else to be understood', async () => {
    const id = await seed([0.01, 0.1]);
    const { sha256 } = (await fileOf(id))!;
    const report = JSON.parse(Buffer.from(await gateway.store.read(sha256)).toString()) as Report;
    const schema = new URL('packages/workflow/schema/report-1.0.json', ROOT);
    const check = new Ajv2020({ strict: false }).compile(JSON.parse(await readFile(schema, 'utf8')) as object);
    check(report);
    expect(check.errors).toBeNull();
    expect(report).toMatchObject({
      createdAt: '2026-01-02T03:04:06.000Z',
      run: { id, kind: 'COMPRESSION', name: 'nightly', labels: { team: 'faces' }, createdBy: 'ada' },
      command:
        'kneepoint compress --model tiny.onnx --data faces --task gender --epsilon 0.01,0.1 --epochs 2 --out small',
      model: {
        ...{ id: model.globalId, name: 'tiny', sha256: model.sha256, primaryTask: 'age' },
        ...{ license: 'MIT', author: 'ada', metadata: { epochs: '12' } },
      },
      dataset: { id: dataset.globalId, name: 'faces', images: 240 },
      tasks: [{ name: 'gender', classes: ['female', 'male'] }],
      split: { seed: 3, test: 20 },
      links: { graphql: 'https://kneepoint.example.org/kp/graphql' },
    });
    expect(report.results.map(({ label, epsilon }) => [label, epsilon])).toEqual([
      ['0.01', 0.01],
      ['0.1', 0.1],
    ]);
  });

  it('stays as it is once it was made, whatever becomes of names, and is the same for all who make it at once', async () => {
    const id = await seed([0.02]);
    const [first, second] = await Promise.all([fileOf(id), fileOf(id)]);
    expect(first!.sha256).toBe(second!.sha256);
    await gateway.db.prisma.run.updateMany({ where: { name: 'nightly' }, data: { name: 'other' } });
    expect((await fileOf(id))!.sha256).toBe(first!.sha256);
    const row = await gateway.db.prisma.run.findFirstOrThrow({ where: { reportSha256: first!.sha256 } });
    expect(globalId('Run', row.id)).toBe(id);
  });

  it('is there as types, field by field', async () => {
    const id = await seed([0.03]);
    const answer = await gateway.query(
      `query($id: ID!) { run(id: $id) {
        report { schemaVersion run { labels { key value } } tasks { type } results { verdict criterion reference
          delivered { arm scores tasks { task thresholds } }
          perClass { classes { name images before { recall } after { recall } } confusion { before after } }
          measured { provider machine { cores } } layers { indices } proof { gates { own { passed } } } } }
        compressions(first: 1) { edges { node { label result { verdict metric { name finetuned } } } } } } }`,
      { id },
    );
    const verdict = expect.stringContaining('90 % fewer MACs') as string;
    expect(answer).toMatchObject({
      run: {
        report: {
          ...{ schemaVersion: '1.0', run: { labels: [{ key: 'team', value: 'faces' }] }, tasks: [{ type: 'BINARY' }] },
          results: [
            {
              ...{ verdict, criterion: 'LASSO', reference: 'UNPRUNED' },
              delivered: { arm: 'FINETUNED', scores: 'LOGITS', tasks: [{ task: 'gender', thresholds: [0] }] },
              perClass: [
                { classes: [{ name: 'female', images: 10, before: { recall: 1 }, after: { recall: 0.9 } }, {}] },
              ],
              measured: { provider: 'cpu', machine: { cores: 2 } },
              ...{ layers: [{ indices: [0, 3] }], proof: { gates: { own: { passed: true } } } },
            },
          ],
        },
        compressions: {
          edges: [{ node: { label: '0.03', result: { verdict, metric: { name: 'ACCURACY', finetuned: 0.9 } } } }],
        },
      },
    });
  });

  it('is read as its page says, from disk and by a query', async () => {
    const page = await readFile(new URL('docs/report.md', ROOT), 'utf8');
    const snippet = (role: string): string =>
      new RegExp(`^\`\`\`\\w+ ${role}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)![1]!;
    expect([...page.matchAll(/^```\w+(?: (\w+))?$/gm)].map(([, role]) => role)).toEqual(['disk', 'verdict']);
    const id = await seed([0.07]);
    interface Answer {
      readonly run: {
        readonly report: { readonly results: readonly object[]; readonly file: { readonly sha256: string } };
      };
    }
    const { run } = await gateway.query<Answer>(snippet('verdict'), { run: id });
    expect(run.report.results).toMatchObject([
      {
        label: '0.07',
        perClass: [
          {
            confusion: {
              after: [
                [9, 1],
                [1, 9],
              ],
            },
          },
        ],
      },
    ]);
    await mkdir(join(gateway.folder, 'small'));
    await gateway.store.fetch(run.report.file.sha256, join(gateway.folder, 'small', 'report.json'));
    const args = ['--input-type=module', '--eval', snippet('disk')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: gateway.folder });
    expect(stdout).toMatch(/^0.07: 90 % fewer MACs, 88 % smaller, .*\n$/);
  });

  it('has in the API what the document has', async () => {
    interface Members {
      readonly properties: Readonly<Record<string, Members & { readonly items?: Members }>>;
    }
    const schema = JSON.parse(
      await readFile(new URL('packages/workflow/schema/report-1.0.json', ROOT), 'utf8'),
    ) as Members;
    const result = schema.properties['results']!.items!;
    const types: readonly (readonly [name: string, members: Members, more: readonly string[]])[] = [
      ['Report', schema, ['file']],
      ['ReportResult', result, []],
      ['ReportArm', result.properties['arms']!.items!, []],
      ['ReportPerClass', result.properties['perClass']!.items!, []],
      ['ReportLayer', result.properties['layers']!.items!, []],
      ['ReportRun', schema.properties['run']!, []],
      ['ReportModel', schema.properties['model']!, []],
    ];
    for (const [name, { properties }, more] of types) {
      interface Answer {
        readonly __type: { readonly fields: readonly { readonly name: string }[] };
      }
      const answer = await gateway.query<Answer>(`{ __type(name: "${name}") { fields { name } } }`);
      const fields = answer.__type.fields.map((field) => field.name).sort();
      expect([name, ...fields]).toEqual([name, ...[...Object.keys(properties), ...more].sort()]);
    }
  });

  it('is not there before the run has ended well', async () => {
    // A run of which nothing is left to do would be ended by whoever looks after idle ones.
    expect(await fileOf(await seed([0.04], { state: 'RUNNING', endedAt: null }, true))).toBeNull();
    expect(await fileOf(await seed([0.05], { state: 'CANCELED' }))).toBeNull();
  });

  it('is not there where an earlier version measured, which did not say what a report says', async () => {
    const id = await seed([0.06]);
    await gateway.db.prisma.step.updateMany({
      where: { kind: REPORT.kind, run: { steps: { some: { input: { path: ['label'], equals: '0.06' } } } } },
      data: { output: { modelSha256: digest(), reportSha256: digest(), report: { task: 'gender', epsilon: 0.06 } } },
    });
    expect(await fileOf(id)).toBeNull();
  });
});

describe('a package of a run', () => {
  interface Launched {
    readonly launchPackage: {
      readonly run: { readonly id: string } | null;
      readonly userErrors: readonly { readonly code: string; readonly field: string; readonly message: string }[];
    };
  }
  const launch = async (input: object): Promise<Launched['launchPackage']> => {
    const document = `mutation($input: LaunchPackageInput!) {
      launchPackage(input: $input) { run { id kind tasks model { id } input } userErrors { code field message } } }`;
    return (await gateway.query<Launched>(document, { input })).launchPackage;
  };

  it('is a step over its report, and once that is done a file that can be fetched', async () => {
    const id = await seed([0.01]);
    const { run, userErrors } = await launch({ of: id });
    expect(userErrors).toEqual([]);
    expect(run).toMatchObject({ kind: 'PACKAGE', model: { id: model.globalId }, input: { of: id } });
    const { sha256 } = (await fileOf(id))!;
    const where = { runId: localId('Run', run!.id) };
    const { key, input } = await gateway.db.prisma.step.findFirstOrThrow({ where });
    expect(input).toEqual({ reportSha256: sha256, label: '0.01', answers: 'raw', testImages: 10 });
    const view = 'query($id: ID!) { run(id: $id) { package { bytes downloadUrl } } }';
    expect(await gateway.query(view, { id: run!.id })).toEqual({ run: { package: null } });
    const zip = await gateway.store.put(Buffer.from('the archive'));
    const row = { sha256: zip.sha256, bytes: BigInt(zip.bytes), mediaType: 'application/zip' };
    await gateway.db.prisma.artifact.create({ data: row });
    const output = { packageSha256: zip.sha256, name: 'tiny-gender' };
    await gateway.db.prisma.step.updateMany({ where: { key }, data: { state: 'SUCCEEDED', output } });
    expect(await gateway.query(view, { id: run!.id })).toEqual({
      run: { package: { bytes: 11, downloadUrl: expect.stringContaining('tiny-gender.zip') as string } },
    });
  });

  it('is refused where there is nothing to package, or several and none was named', async () => {
    const id = await seed([0.01, 0.1]);
    const analysis = await gateway.db.prisma.run.create({ data: { kind: 'ANALYSIS', state: 'SUCCEEDED', input: {} } });
    const refused = async (input: object, code: string, field: string, message: RegExp): Promise<void> =>
      expect(await launch(input)).toEqual({
        run: null,
        userErrors: [{ code, field, message: expect.stringMatching(message) as string }],
      });
    const NOTHING = 'DEPLOYMENT_NOTHING';
    await refused({ of: id }, NOTHING, 'input.label', /2 results\. Choose one of: 0\.01, 0\.1\.$/);
    await refused({ of: id, label: '0.2' }, NOTHING, 'input.label', /no result is called "0\.2"/);
    await refused({ of: globalId('Run', analysis.id) }, NOTHING, 'input.of', /no report/);
    await refused({ of: globalId('Run', digest()) }, 'RUN_UNKNOWN', 'input.of', /no run has the id/);
    await refused({ of: id, label: '0.1', testImages: 101 }, 'PLAN_OPTION_INVALID', 'input.testImages', /is 101/);
    const results = [{ epsilon: 0.01, arms: [measuredArm('refit', 15)] }];
    const untrained = await seedCompression(gateway, { model, dataset, results });
    const unlike = { of: untrained, answers: 'PROBABILITIES' };
    await refused(unlike, 'ANSWERS_NOT_LOGITS', 'input.answers', /Ask for LABELS or RAW/);
    const { run, userErrors } = await launch({ of: id, label: '0.1', answers: 'LABELS', testImages: 0 });
    expect(userErrors).toEqual([]);
    const { input } = await gateway.db.prisma.step.findFirstOrThrow({ where: { runId: localId('Run', run!.id) } });
    expect(input).toMatchObject({ answers: 'labels', testImages: 0 });
  });
});
