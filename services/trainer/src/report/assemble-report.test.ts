import type { Breakdown } from '@kneepoint/regression';
import type { FinetuneOutput, MeasuredArm, MeasuredResult, Measurement, PruneOutput } from '@kneepoint/workflow';
import { describe, expect, it } from 'vitest';
import { assembleReport, type TrainedNetwork } from './assemble-report.ts';
import type { Measured } from './measure.task.ts';

const measured = (p50: number): Measured => ({
  parameters: 50,
  macs: 500,
  bytes: 210,
  latencyMs: { p50, p95: 2 * p50, mean: p50 },
});
const MEASUREMENT: Measurement = {
  run: 'own',
  at: '2026-01-02T03:04:05.000Z',
  provider: 'cpu',
  machine: { cpu: 'c', cores: 2, memoryBytes: 1, platform: 'linux x64', node: '20', onnxruntime: '1' },
};
const BREAKDOWN: Breakdown = {
  classes: [{ name: 'a', rows: 4, precision: 0.5, recall: 0.5, f1: 0.5 }],
  confusion: null,
  residuals: [],
};
const MEASURED = {
  networks: { original: measured(9), refit: measured(3), finetuned: measured(2), unpruned: measured(8) },
  measured: { ...MEASUREMENT, run: 'other' },
};

const figures = { parameters: 50, macs: 500, bytes: 200, latencyMs: { p50: 77, p95: 78 } };
const INTERVAL = { low: 0.6, high: 0.8, standardError: 0.05, drawn: 'image' } as const;
const REFIT: MeasuredArm = {
  arm: 'refit',
  metric: 0.7,
  validation: 0.72,
  interval: INTERVAL,
  tasks: [
    {
      task: 'gender',
      metric: 0.7,
      validation: 0.72,
      interval: INTERVAL,
      draws: [0.7],
      thresholds: [0.4],
      breakdown: BREAKDOWN,
    },
  ],
  ...figures,
  modelSha256: 'pruned',
  epochs: null,
  bestEpoch: null,
  seconds: null,
  imagesPerSecond: null,
  history: [],
};
const STAGES = {
  name: 'accuracy',
  higherIsBetter: true,
  chance: 0.5,
  probe: 0.8,
  pruned: 0.6,
  healed: 0.65,
  refit: 0.7,
};
const PRUNING: PruneOutput = {
  modelSha256: 'pruned',
  reportSha256: 'r',
  kept: { layers: {}, taps: {}, rotated: [] },
  report: {
    task: 'gender',
    epsilon: 0.01,
    target: null,
    criterion: 'lasso',
    metric: STAGES,
    tasks: [{ task: 'gender', images: 4, ...STAGES }],
    avoidance: null,
    split: { by: 'image', train: 1, validation: 1, test: 1, shared: true },
    before: { parameters: 100, macs: 1000, bytes: 400, latencyMs: { p50: 99, p95: 99 } },
    after: figures,
    layers: [],
    arms: [REFIT],
    measured: MEASUREMENT,
    warnings: ['said before'],
  } as unknown as MeasuredResult,
};

const EPOCHS = [0, 1, 2].map((epoch) => ({
  epoch,
  loss: epoch === 0 ? null : 1 / epoch,
  validationLoss: 1,
  metric: 0.5 + epoch / 10,
  learningRate: 0.001,
  imagesPerSecond: 100,
  seconds: 1,
}));

const JUDGED = { interval: INTERVAL, draws: [0.8], thresholds: [0.1], breakdown: { ...BREAKDOWN, confusion: [[4]] } };

function trained(arm: TrainedNetwork['arm'], test: number, notes: readonly string[] = []): TrainedNetwork {
  const output = {
    modelSha256: arm,
    tasks: [{ task: 'gender', higherIsBetter: true, test, validation: test + 0.01, ...JUDGED }],
    bestEpoch: 1,
    epochs: EPOCHS,
    seconds: 3,
    imagesPerSecond: 100,
    notes,
  } as unknown as FinetuneOutput;
  return { arm, output };
}

describe('a report of a compression', () => {
  it('has every arm with its own size, and all times out of one measurement', () => {
    const report = assembleReport(PRUNING.report, [trained('finetuned', 0.9), trained('unpruned', 0.95)], MEASURED);
    expect(report.arms.map(({ arm, metric, latencyMs }) => [arm, metric, latencyMs.p50])).toEqual([
      ['refit', 0.7, 3],
      ['finetuned', 0.9, 2],
      ['unpruned', 0.95, 8],
    ]);
    expect(report.before.latencyMs).toEqual({ p50: 9, p95: 18 });
    expect(report.arms.map(({ tasks: [task] }) => [task?.thresholds, task?.breakdown.confusion])).toEqual([
      [[0.4], null],
      [[0.1], [[4]]],
      [[0.1], [[4]]],
    ]);
    expect(report.measured.run).toBe('other');
    expect(report.arms[1]).toMatchObject({ epochs: 2, bestEpoch: 1, validation: 0.91, history: EPOCHS, bytes: 210 });
  });

  it('says where the time goes in the whole network and in the delivered one, where both were looked into', () => {
    const layers = { original: [{ layer: 'conv1', share: 0.75 }], finetuned: [{ layer: 'conv1', share: 0.5 }] };
    const arms = [trained('finetuned', 0.9)];
    expect(assembleReport(PRUNING.report, arms, { ...MEASURED, layers }).layerTimes).toEqual({
      before: [{ name: 'conv1', share: 0.75, ms: 6.75 }],
      after: [{ name: 'conv1', share: 0.5, ms: 1 }],
    });
    const dark = { ...MEASURED, layers: { original: [], finetuned: [] } };
    expect(assembleReport(PRUNING.report, arms, dark)).not.toHaveProperty('layerTimes');
  });

  it('delivers the finetuned network where there is one', () => {
    const arms = [trained('unpruned', 0.95), trained('finetuned', 0.9)];
    const report = assembleReport(PRUNING.report, arms, MEASURED);
    expect(report.metric.finetuned).toBe(0.9);
    expect(report.after).toEqual({ parameters: 50, macs: 500, bytes: 210, latencyMs: { p50: 2, p95: 4 } });
  });

  it('delivers the refitted network where nothing smaller was trained', () => {
    const arms = [trained('unpruned', 0.95)];
    const report = assembleReport(PRUNING.report, arms, MEASURED);
    expect('finetuned' in report.metric).toBe(false);
    expect(report.after).toEqual({ ...figures, bytes: 210, latencyMs: { p50: 3, p95: 6 } });
  });

  it('warns of what the comparison shows, not of what an earlier measurement showed, and passes on notes', () => {
    const report = assembleReport(
      PRUNING.report,
      [trained('finetuned', 0.65, ['the batch was made smaller'])],
      MEASURED,
    );
    expect(report.warnings).toEqual([
      expect.stringContaining('Finetuning made the pruned network worse'),
      expect.stringContaining('No pruned network reached the probe'),
      'finetuned: the batch was made smaller',
    ]);
  });

  it('sets the same cut by other criteria beside it, its own first', () => {
    const rival = (criterion: 'l1' | 'random', refit: number) => ({
      criterion,
      report: {
        ...PRUNING.report,
        metric: { ...PRUNING.report.metric, refit },
        after: { ...figures, parameters: 60, macs: 498 },
      } as MeasuredResult,
    });
    const { criteria } = assembleReport(PRUNING.report, [trained('finetuned', 0.9)], MEASURED, {
      rivals: [{ ...rival('l1', 0.6), finetuned: trained('finetuned', 0.85).output }, rival('random', 0.55)],
    });
    expect(criteria).toEqual([
      { criterion: 'lasso', parameters: 50, macs: 500, refit: 0.7, finetuned: 0.9 },
      { criterion: 'l1', parameters: 60, macs: 498, refit: 0.6, finetuned: 0.85 },
      { criterion: 'random', parameters: 60, macs: 498, refit: 0.55 },
    ]);
  });

  it('of several tasks has the metric of each, and their score as the one number', () => {
    const age = { name: 'mae', higherIsBetter: false, chance: 8, probe: 4, pruned: 6, healed: 5.5, refit: 5 };
    const pair = {
      ...PRUNING.report,
      tasks: [...PRUNING.report.tasks, { task: 'age', ...age }],
    } as MeasuredResult;
    const { output } = trained('finetuned', 0.9);
    const other = { task: 'age', higherIsBetter: false, test: 2, validation: 4, interval: INTERVAL };
    const both = { ...output, tasks: [...output.tasks, other] } as FinetuneOutput;
    const report = assembleReport(pair, [{ arm: 'finetuned', output: both }], MEASURED);
    expect(report.tasks.map(({ task, finetuned }) => [task, finetuned])).toEqual([
      ['gender', 0.9],
      ['age', 2],
    ]);
    // Errors count as 1 − error / error of the constant answer.
    expect(report.metric).toMatchObject({ name: 'score', higherIsBetter: true, chance: 0.25 });
    expect(report.metric.refit).toBeCloseTo((0.7 + (1 - 5 / 8)) / 2);
    expect(report.metric.finetuned).toBeCloseTo((0.9 + (1 - 2 / 8)) / 2);
    expect(report.arms[1]!.tasks[1]).toEqual({ task: 'age', metric: 2, validation: 4, interval: INTERVAL });
    expect(report.arms[1]!.interval).toBeNull();
  });

  it('delivers the network in whole numbers, with the parameters and MACs of the float one and its own size and time', () => {
    const quantisation = {
      ...{ layers: ['conv1'], left: [], clipped: 0, images: 9, fall: 0.001, bytes: { float: 210, whole: 70 } },
    };
    const tasks = trained('finetuned', 0.89).output.tasks;
    const quantized = {
      ...{
        modelSha256: 'whole',
        tasks,
        quantisation,
        seconds: 4,
        provider: 'cpu',
        notes: ['conv2 stays float: small'],
      },
    };
    const networks = { ...MEASURED.networks, quantized: { ...measured(1), bytes: 70, parameters: 3, macs: 3 } };
    const report = assembleReport(
      PRUNING.report,
      [trained('finetuned', 0.9)],
      { ...MEASURED, networks },
      { quantized },
    );
    expect(report.after).toEqual({ parameters: 50, macs: 500, bytes: 70, latencyMs: { p50: 1, p95: 2 } });
    expect(report.arms.at(-1)).toMatchObject({ arm: 'quantized', metric: 0.89, modelSha256: 'whole', epochs: null });
    expect(report.metric.finetuned).toBe(0.9);
    expect(report.quantisation).toEqual(quantisation);
    expect(report.warnings).toContain('conv2 stays float: small');
    expect(assembleReport(PRUNING.report, [], MEASURED).quantisation).toBeUndefined();
  });

  it('of a latency says what was reached in the last measurement', () => {
    const target = {
      target: { kind: 'latency', remove: 0.5 } as const,
      atMost: 1,
      before: 2,
      planned: 0.9,
      reached: 1,
    };
    const report = assembleReport({ ...PRUNING.report, target }, [trained('finetuned', 0.9)], MEASURED);
    expect(report.target).toEqual({
      ...target,
      atMost: 4.5,
      before: 9,
      planned: expect.closeTo(4.05) as number,
      reached: 2,
    });
  });

  describe('of rounds', () => {
    const round = (sha256: string, macs: number, test: number) => ({
      prune: { ...PRUNING, report: { ...PRUNING.report, after: { ...figures, macs } } },
      finetune: { ...trained('finetuned', test).output, modelSha256: sha256 },
    });
    const whole = trained('unpruned', 0.9).output;
    const second = round('second', 100, 0.88);
    const earlier = [round('first', 200, 0.91), second, round('third', 50, 0.7)];
    const delivered = { arm: 'finetuned' as const, output: second.finetune };
    const passedOn = { prune: { ...second.prune, settled: { prune: 'a', finetune: 'b' } }, finetune: second.finetune };
    const rounds = { whole, earlier: [...earlier, passedOn] };

    it('shows each that was tried, what it keeps of the whole network, and which one is delivered', () => {
      const keep = { share: 0.95 };
      const report = assembleReport(PRUNING.report, [delivered], MEASURED, { rounds, keep });
      expect(report.rounds.map(({ macs, share, keeps, delivered: own }) => [macs, share, keeps, own])).toEqual([
        [200, 0.2, true, false],
        [100, 0.1, true, true],
        [50, 0.05, false, false],
      ]);
      expect(report.rounds[2]!.kept).toBeCloseTo(0.71 / 0.91);
      expect(report.keep).toMatchObject({ goal: keep, met: true });
      expect(report.keep!.tasks).toEqual([
        {
          task: 'gender',
          whole: { validation: 0.91, test: 0.9 },
          bound: expect.closeTo(0.8645) as number,
          validation: 0.89,
          test: 0.88,
        },
      ]);
    });

    it('judges a goal on the network in whole numbers, where that is delivered', () => {
      const keep = { share: 0.95 };
      const tasks = trained('finetuned', 0.85).output.tasks;
      const quantisation = {
        ...{ layers: ['conv1'], left: [], clipped: 0, images: 9, fall: 0.03, bytes: { float: 210, whole: 70 } },
      };
      const quantized = { modelSha256: 'whole', tasks, quantisation, seconds: 4, provider: 'cpu', notes: [] };
      const networks = { ...MEASURED.networks, quantized: { ...measured(1), bytes: 70, parameters: 3, macs: 3 } };
      const report = assembleReport(
        PRUNING.report,
        [delivered],
        { ...MEASURED, networks },
        { rounds, keep, quantized },
      );
      expect(report.keep).toMatchObject({ met: false, tasks: [{ validation: 0.86, test: 0.85 }] });
    });

    it('says that a goal was not met, and nothing of goals where none was searched', () => {
      const missed = assembleReport(PRUNING.report, [delivered], MEASURED, { rounds, keep: { share: 0.999 } });
      expect(missed.keep!.met).toBe(false);
      expect(missed.warnings).toContainEqual(expect.stringContaining('No network that was tried keeps'));
      const plain = assembleReport(PRUNING.report, [delivered], MEASURED, { rounds });
      expect([plain.keep, plain.rounds[0]!.keeps]).toEqual([null, null]);
    });
  });
});
