import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel } from '@kneepoint/onnx';
import type { ReportResult } from '@kneepoint/workflow';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { kneepoint, kneepointResult } from './support/kneepoint.ts';

let server: CliServer;

beforeAll(async () => {
  server = await startCliServer('plans');
});

afterAll(() => server.stop());

const compress = (args: readonly string[]): readonly string[] => [
  ...['compress', '--model', server.sample.model, '--data', server.sample.faces, '--layer', 'conv5', '--epochs', '1'],
  ...['--out', join(server.folder, 'out'), '--data-dir', server.data, ...args],
];

/** Numbers and names that a file says of itself. */
async function metadata(path: string): Promise<ReadonlyMap<string, unknown>> {
  const { metadataProps } = decodeModel(await readFile(path));
  return new Map(metadataProps.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
}

describe('a network for two tasks, away from a third, to a target, compared with other criteria', () => {
  let report: ReportResult;
  let path: string;

  beforeAll(async () => {
    report = await kneepointResult(
      compress([
        ...['--task', 'gender,yaw', '--target', 'macs=-60%', '--avoid', 'identity', '--compare', 'l1,taylor'],
        ...['--arms', 'finetuned', '--round-to', '2'],
      ]),
    );
    path = join(server.folder, 'out', 'small-gender+yaw-macs-60pct.onnx');
  });

  it('reaches the target, and says by what it was decided', () => {
    const { target, before, after, layers } = report;
    expect(target).toMatchObject({ target: { kind: 'macs', remove: 0.6 }, before: before.macs, reached: after.macs });
    expect(after.macs).toBeLessThanOrEqual(0.4 * before.macs);
    expect(report).toMatchObject({ task: 'gender+yaw', epsilon: null, criterion: 'lasso', decide: 'union' });
    for (const { kept } of layers) expect(kept % 2).toBe(0);
  });

  it('answers both tasks side by side, with the metric of each', async () => {
    expect(report.tasks.map(({ task, name }) => [task, name])).toEqual([
      ['gender', 'accuracy'],
      ['yaw', 'rmse'],
    ]);
    for (const stages of report.tasks) {
      expect(Object.values(stages).filter((value) => typeof value === 'number' && !Number.isFinite(value))).toEqual([]);
    }
    expect(report.metric).toMatchObject({ name: 'score', higherIsBetter: true });
    expect(report.arms.map(({ arm, tasks }) => [arm, tasks.map(({ task }) => task)])).toEqual([
      ['refit', ['gender', 'yaw']],
      ['finetuned', ['gender', 'yaw']],
      // Trained for its answers, from which the finetuned one has learned.
      ['unpruned', ['gender', 'yaw']],
    ]);
    expect((await stat(path)).size).toBe(report.after.bytes);
    expect([...((await metadata(path)).get('kneepoint.tasks') as { name: string }[])].map(({ name }) => name)).toEqual([
      'gender',
      'yaw',
    ]);
    const session = await InferenceSession.create(path);
    const [output] = Object.values(
      await session.run({ image: new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]) }),
    );
    expect(output!.dims).toEqual([1, 2]);
    await session.release();
  });

  it('sets the same cut by other criteria beside it at equal MACs, refitted and finetuned', () => {
    expect(report.criteria.map(({ criterion }) => criterion)).toEqual(['lasso', 'l1', 'taylor']);
    for (const { macs, refit, finetuned } of report.criteria) {
      expect(macs).toBeLessThanOrEqual(report.after.macs);
      expect(macs).toBeGreaterThan(0.7 * report.after.macs);
      expect([refit, finetuned].every(Number.isFinite)).toBe(true);
    }
    expect(report.criteria[0]).toMatchObject({ refit: report.metric.refit, finetuned: report.metric.finetuned });
  });

  it('says what a probe still reads of the avoided task, on one split for all', () => {
    const { by, tasks } = report.avoidance!;
    expect(tasks.map(({ task, role }) => [task, role])).toEqual([
      ['gender', 'wanted'],
      ['yaw', 'wanted'],
      ['identity', 'avoided'],
    ]);
    // Who it is can only be learned from other images of the same person.
    expect(by).toBe('image');
  });

  it('prints all of it for people', async () => {
    const { stdout, stderr } = await kneepoint(
      compress([
        ...['--task', 'gender,yaw', '--target', 'macs=-60%', '--avoid', 'identity', '--compare', 'l1,taylor'],
        ...['--arms', 'finetuned', '--round-to', '2'],
      ]),
    );
    expect(stderr).toContain('this was computed before');
    expect(stdout).toContain('gender+yaw at MACs −60 %; the head reads conv5');
    expect(stdout).toMatch(/target 590 k of 1\.47 M, reached \d+ k \(−[67]\d\.\d %\)/);
    expect(stdout).toMatch(/taylor +[\d.k ]+ +\d+ k +0\.\d+ +0\.\d+/);
    expect(stdout).toMatch(/identity +avoided +accuracy/);
    const markdown = await readFile(path.replace(/onnx$/, 'report.md'), 'utf8');
    expect(markdown).toContain('| criterion | parameters | MACs | score refitted, test | finetuned |');
  });
});

it('a latency is searched for by timing, and told beside what was found again in the end', async () => {
  // Little is asked of a network of microseconds: other tests have the processor meanwhile.
  const report = await kneepointResult(compress(['--task', 'yaw', '--target', 'latency=-5%', '--arms', 'none']));
  const { target, before, after } = report;
  expect(target).toMatchObject({ target: { kind: 'latency', remove: 0.05 } });
  expect(target!.reached).toBe(after.latencyMs.p50);
  expect(target!.atMost).toBeCloseTo(0.95 * before.latencyMs.p50);
  // What the search accepted was fast enough at that moment.
  expect(target!.planned).toBeLessThanOrEqual(target!.atMost + 1e-9);
});

it('a dry run says what a target would keep, and why a layer stays whole', async () => {
  const plan = [...['plan', 'small', 'faces', 'yaw', '--layer', 'conv5', '--data-dir', server.data]];
  const { stdout } = await kneepoint([...plan, '--target', 'parameters=-50%', '--criterion', 'lasso']);
  expect(stdout).toMatch(/head on conv5; parameters 4\.96 k → 2\.\d+ k \(−5\d\.\d %\), MACs .*, bytes .*/);
  for (const target of ['latency=2ms', 'parameters=-50%']) {
    const refused = await kneepoint([...plan, '--target', target]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('TARGET_NEEDS_RUN') as string]);
  }
});
