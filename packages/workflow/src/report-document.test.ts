import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { TaskSpec } from '@kneepoint/regression';
import { beforeAll, describe, expect, test } from 'vitest';
import { REPORT_SCHEMA, reportSchema } from '../../../scripts/report-schema.ts';
import { reportOf, type ReportParts } from './report-document.ts';
import { datasetReference, measuredArm, measuredResult, modelReference } from './testing/index.ts';

const GENDER: TaskSpec = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };

const parts = (more: Partial<ReportParts> = {}): ReportParts => ({
  kneepoint: '0.1.0',
  run: {
    ...{ id: 'UnVuOjI', kind: 'COMPRESSION', name: null, labels: { team: 'faces' }, createdBy: 'ada' },
    ...{ createdAt: '2026-01-02T03:00:00.000Z', startedAt: null, endedAt: '2026-01-02T03:04:06.000Z', reused: true },
  },
  command: 'kneepoint compress --model net.onnx --data faces --task gender --out small',
  model: {
    ...{ id: 'TW9kZWw6MQ', name: 'net', sha256: modelReference().sha256, bytes: 4000, primaryTask: null },
    ...{ license: 'MIT', author: null, metadata: {} },
  },
  dataset: {
    ...{ id: null, name: 'faces', sha256: datasetReference().sha256, images: 100, subject: null, notes: [] },
  },
  preprocess: modelReference().preprocess,
  tasks: [GENDER],
  seed: 1,
  results: [{ label: '0.01', measured: measuredResult(), sha256: 'f'.repeat(64), bytes: 500 }],
  links: { graphql: null },
  ...more,
});

let problemsOf: (document: unknown) => readonly string[];
beforeAll(async () => {
  const check = new Ajv2020({ strict: false, allErrors: true }).compile(
    JSON.parse(await readFile(REPORT_SCHEMA, 'utf8')) as object,
  );
  problemsOf = (document) => {
    check(JSON.parse(JSON.stringify(document)));
    return (check.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
  };
});

describe('the document of a run', () => {
  test('is valid by the schema that lies beside it, which is that of its types', async () => {
    expect(problemsOf(reportOf(parts()))).toEqual([]);
    expect(await readFile(REPORT_SCHEMA, 'utf8')).toBe(await reportSchema());
  }, 60_000);

  test('is not valid with a member too few, too many, or of another kind', () => {
    const { links: _links, ...short } = reportOf(parts());
    expect(problemsOf(short)).toEqual([" must have required property 'links'"]);
    expect(problemsOf({ ...reportOf(parts()), more: 1 })).toEqual([' must NOT have additional properties']);
    expect(problemsOf({ ...reportOf(parts()), schemaVersion: '2.0' })).toEqual([
      '/schemaVersion must be equal to constant',
    ]);
    const [result] = reportOf(parts()).results;
    expect(problemsOf({ ...reportOf(parts()), results: [{ ...result, metric: NaN }] })).toEqual([
      '/results/0/metric must be object',
    ]);
  });

  test('names the delivered file, its thresholds, and who measured', () => {
    const [result] = reportOf(parts()).results;
    expect(result).toMatchObject({
      label: '0.01',
      delivered: {
        arm: 'finetuned',
        sha256: 'f'.repeat(64),
        bytes: 500,
        scores: 'logits',
        tasks: [{ task: 'gender', thresholds: [0] }],
      },
      measured: { run: 'UnVuOjE', provider: 'cpu' },
      verdict: expect.stringMatching(
        /^90 % fewer MACs, 88 % smaller, 2.0 times as fast on this machine; accuracy 90.0 % against 95.0 %/,
      ) as string,
    });
  });

  test('shows per class what the whole network did and what the delivered one does', () => {
    const [result] = reportOf(parts()).results;
    expect(result!.reference).toBe('unpruned');
    expect(result!.perClass).toEqual([
      {
        task: 'gender',
        classes: [
          {
            ...{ name: 'female', images: 10 },
            before: { precision: 10 / 11, recall: 1, f1: 20 / 21 },
            after: { precision: 0.9, recall: 0.9, f1: 0.9 },
          },
          {
            ...{ name: 'male', images: 10 },
            before: { precision: 1, recall: 0.9, f1: 18 / 19 },
            after: { precision: 0.9, recall: 0.9, f1: 0.9 },
          },
        ],
        confusion: {
          before: [
            [10, 0],
            [1, 9],
          ],
          after: [
            [9, 1],
            [1, 9],
          ],
        },
        residuals: [],
        changes: null,
      },
    ]);
    expect(JSON.stringify([result!.arms, result!.original])).not.toContain('breakdown');
  });

  test('of a network that was not trained compares with the probe on the untouched one', () => {
    const measured = measuredResult({ arms: [measuredArm('refit', 15)] });
    const report = reportOf(parts({ results: [{ label: '0.01', measured, sha256: 'f'.repeat(64), bytes: 500 }] }));
    expect(problemsOf(report)).toEqual([]);
    const [result] = report.results;
    expect(result).toMatchObject({ reference: 'probe', delivered: { arm: 'refit', scores: 'regressed' } });
    expect(result!.perClass[0]!.confusion!.before).toEqual([
      [8, 2],
      [2, 8],
    ]);
  });

  test('of values has errors along the truth', () => {
    const bin = { from: 1, to: 9, rows: 20, mean: 0.5, spread: 2 };
    const breakdown = { classes: [], confusion: null, residuals: [bin] };
    const arms = (['refit', 'unpruned'] as const).map((name, at) => {
      const arm = measuredArm(name, 15 + at);
      return {
        ...arm,
        tasks: arm.tasks.map((task) => ({ ...task, breakdown: { ...breakdown, residuals: [{ ...bin, mean: at }] } })),
      };
    });
    const results = [{ label: '0.01', measured: measuredResult({ arms }), sha256: 'f'.repeat(64), bytes: 500 }];
    const report = reportOf(parts({ tasks: [{ name: 'gender', type: 'continuous', targets: ['gender'] }], results }));
    expect(problemsOf(report)).toEqual([]);
    expect(report.tasks).toEqual([
      { name: 'gender', type: 'continuous', targets: ['gender'], classes: null, unit: null, bins: null },
    ]);
    expect(report.results[0]!.perClass).toEqual([
      {
        ...{ task: 'gender', classes: [], confusion: null, changes: null },
        residuals: [{ from: 1, to: 9, images: 20, before: { mean: 1, spread: 2 }, after: { mean: 0, spread: 2 } }],
      },
    ]);
  });
});
