import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report, ReportResult } from '@kneepoint/workflow';
import type { SpreadReport } from '../packages/cli/src/render/trials.ts';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { kneepoint, kneepointJson, kneepointResult } from './support/kneepoint.ts';

let server: CliServer;

beforeAll(async () => {
  server = await startCliServer('keep');
});

afterAll(() => server.stop());

const search = (...args: readonly string[]): readonly string[] => [
  ...[
    'compress',
    '--model',
    server.sample.model,
    '--data',
    server.sample.faces,
    '--task',
    'gender',
    '--layer',
    'conv5',
  ],
  ...['--epochs', '1', '--out', join(server.folder, 'out'), '--data-dir', server.data, ...args],
];

describe('the smallest network that keeps a goal', () => {
  let report: ReportResult;

  beforeAll(async () => {
    report = await kneepointResult(search('--keep', '60%', '--rounds', '2'));
  });

  it('is the smallest of those that were tried and keep it, and stands beside what it is measured against', () => {
    const { keep, rounds, arms, after } = report;
    expect(keep!.goal).toEqual({ share: 0.6 });
    const [task] = keep!.tasks;
    const whole = arms.find(({ arm }) => arm === 'unpruned')!;
    expect([task!.whole.validation, task!.whole.test]).toEqual([whole.validation, whole.metric]);
    expect(task!.bound).toBeCloseTo(0.6 * whole.validation, 12);
    expect(rounds.length).toBeGreaterThan(0);
    expect(rounds.length).toBeLessThanOrEqual(2);
    for (const { validation, keeps, kept } of rounds) {
      expect(keeps).toBe(validation >= task!.bound);
      expect(kept).toBeCloseTo(validation / whole.validation, 12);
    }
    const keeping = rounds.filter(({ keeps }) => keeps);
    expect(keep!.met).toBe(keeping.length > 0);
    const delivered = rounds.filter((round) => round.delivered);
    expect(delivered).toHaveLength(1);
    if (keeping.length > 0) expect(delivered[0]!.share).toBe(Math.min(...keeping.map(({ share }) => share)));
    expect(after.macs).toBe(delivered[0]!.macs);
  });

  it('is cut from the whole one: layers and filters are those of the registered model', () => {
    for (const { filters, kept, indices, macsBefore, macsAfter } of report.layers) {
      expect(indices).toHaveLength(kept);
      expect(new Set(indices).size).toBe(kept);
      expect(Math.max(...indices)).toBeLessThan(filters);
      expect(macsAfter).toBeLessThanOrEqual(macsBefore);
    }
    expect(report.proof.passed).toBe(true);
  });

  it('runs, and prints what it keeps', async () => {
    const session = await InferenceSession.create(join(server.folder, 'out', 'small-gender-keep-60pct.onnx'));
    await session.release();
    const { stdout, stderr } = await kneepoint(search('--keep', '60%', '--rounds', '2'));
    expect(stderr).toContain('this was computed before');
    expect(stdout).toContain('gender at keep 60 % of the whole network');
    expect(stdout).toMatch(/kept: 60 % of the whole network for gender: \d+\.\d % on validation/i);
    const markdown = await readFile(join(server.folder, 'out', 'small-gender-keep-60pct.report.md'), 'utf8');
    expect(markdown).toContain('| round | parameters | MACs |');
  });

  it('of a search that is asked to end earlier is found without training anything again', async () => {
    const { code, stderr } = await kneepoint(search('--keep', '60%', '--rounds', '1'));
    expect(code).toBe(0);
    expect(stderr).not.toContain('epoch');
  });
});

it('rivals go down the same rounds, by lasso too, which ranks what is left by the curves of the whole network', async () => {
  const { criteria, rounds, bestLayer } = await kneepointResult([
    ...search('--target', 'macs=-80%', '--compare', 'lasso,l1', '--layer', 'conv3', '--round-to', '1', '--no-teacher'),
  ]);
  expect(bestLayer).toBe('conv3');
  expect(rounds.length).toBe(2);
  expect(criteria.map(({ criterion }) => criterion)).toEqual(['damage', 'lasso', 'l1']);
  for (const { macs, finetuned } of criteria) {
    expect(macs).toBeLessThanOrEqual(criteria[0]!.macs);
    expect(Number.isFinite(finetuned)).toBe(true);
  }
});

it('normalisation that training folds away cannot rank rounds', async () => {
  const refused = await kneepoint(search('--target', 'macs=-60%', '--compare', 'bnScale'));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('PLAN_OPTIONS_CONFLICT') as string]);
});

it('a goal beside a target ends where the target is met', async () => {
  const { rounds, after, before } = await kneepointResult(
    search('--keep', '10%', '--target', 'macs=-70%', '--rounds', '3'),
  );
  expect(rounds).toHaveLength(1);
  expect(after.macs).toBeLessThanOrEqual(0.3 * before.macs);
});

it.each([
  [['--keep', '120%'], 'GOAL_INVALID'],
  [['--within', 'much'], 'GOAL_INVALID'],
  [['--keep', '99%', '--within', '0.1'], 'PLAN_OPTIONS_CONFLICT'],
  [['--keep', '99%', '--epsilon', '0.1'], 'PLAN_OPTIONS_CONFLICT'],
  [['--keep', '99%', '--arms', 'none'], 'PLAN_OPTIONS_CONFLICT'],
  [['--keep', '99%', '--compare', 'l1'], 'PLAN_OPTIONS_CONFLICT'],
  [['--keep', '99%', '--rounds', '99'], 'GOAL_INVALID'],
  [['--target', 'macs=-50%', '--rounds', '3'], 'PLAN_OPTIONS_CONFLICT'],
])('%j is refused as %s', async (args, code) => {
  const refused = await kneepoint(search(...args));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(code) as string]);
});

describe('several partitions', () => {
  it('are compressed one by one, and give each figure as mean and spread', async () => {
    const { seeds, spread, trials } = await kneepointJson<{
      readonly seeds: readonly number[];
      readonly spread: readonly SpreadReport[];
      readonly trials: readonly Report[];
    }>(search('--target', 'macs=-50%', '--arms', 'none', '--trials', '2', '--split-seed', '3'));
    expect(seeds).toEqual([3, 4]);
    expect(trials).toHaveLength(2);
    const [first, second] = trials.map(({ results }) => results[0]!);
    const refits = [first!, second!].map(({ arms }) => arms[0]!.metric);
    const { figures } = spread[0]!;
    expect(figures.map(({ figure }) => figure)).toEqual([
      'linear probe',
      'pruned, head refitted',
      'parameters',
      'MACs',
    ]);
    expect(figures[1]!.each).toEqual(refits);
    expect(figures[1]!.mean).toBeCloseTo((refits[0]! + refits[1]!) / 2, 12);
    expect(figures[1]!.deviation).toBeCloseTo(Math.abs(refits[0]! - refits[1]!) / Math.SQRT2, 12);
    // Other images are tested on the other partition.
    expect(first!.metric.probe).not.toBe(second!.metric.probe);
    const written = JSON.parse(await readFile(join(server.folder, 'out', 'trials.json'), 'utf8')) as object;
    expect(written).toEqual({ seeds, spread });
    expect(trials.map(({ split }) => split.seed)).toEqual([3, 4]);
    const saved = await readFile(join(server.folder, 'out', 'trial-2', 'report.json'), 'utf8');
    expect(JSON.parse(saved)).toEqual(trials[1]);
  });

  it('are a whole number', async () => {
    const { code, stderr } = await kneepoint(search('--trials', '0'));
    expect(code).not.toBe(0);
    expect(stderr).toContain('GOAL_INVALID');
    expect(stderr).toContain('--trials');
  });
});
