import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { kneepoint, kneepointJson, type Sample } from './support/kneepoint.ts';

let folder: string;
let data: string;
let sample: Sample;
let server: CliServer;

beforeAll(async () => {
  server = await startCliServer('training');
  ({ folder, data, sample } = server);
});

afterAll(() => server.stop());

const here = (): readonly string[] => ['--data-dir', data];

interface Trained {
  readonly mode: string;
  readonly tasks: readonly string[];
  readonly bestEpoch: number;
  readonly epochs: readonly { readonly epoch: number; readonly metric: number }[];
  readonly results: readonly { readonly task: string; readonly metric: string; readonly test: number }[];
  readonly model: { readonly sha256: string; readonly bytes: number };
}

const ARMS = ['refit', 'finetuned', 'scratch', 'headOnly', 'unpruned'];

interface Report {
  readonly epsilon: number;
  readonly arms: readonly {
    readonly arm: string;
    readonly metric: number;
    readonly parameters: number;
    readonly macs: number;
    readonly bytes: number;
    readonly latencyMs: { readonly p50: number; readonly p95: number };
    readonly modelSha256: string;
    readonly epochs: number | null;
    readonly history: readonly { readonly epoch: number }[];
  }[];
  readonly metric: { readonly finetuned: number };
  readonly after: { readonly bytes: number };
}

describe('compress to the end', () => {
  let reports: readonly Report[];
  let stderr: string;
  const out = (): string => join(folder, 'out');
  const command = (): string[] => [
    ...['compress', '--model', sample.model, '--data', sample.faces, '--task', 'yaw'],
    ...[
      '--epsilon',
      '0.05,0.3',
      '--arms',
      'finetuned,scratch,head,unpruned',
      '--epochs',
      '1',
      '--out',
      out(),
      ...here(),
    ],
  ];

  beforeAll(async () => {
    const finished = await kneepoint([...command(), '--json']);
    expect(finished.stderr).not.toContain('error');
    ({ results: reports } = JSON.parse(finished.stdout) as { results: readonly Report[] });
    ({ stderr } = finished);
  });

  it('puts every arm of every ε side by side, each with its size, its time and its network', () => {
    expect(reports.map(({ epsilon }) => epsilon)).toEqual([0.05, 0.3]);
    for (const { arms, metric, after } of reports) {
      expect(arms.map(({ arm }) => arm)).toEqual(ARMS);
      const [refit, finetuned, scratch, headOnly, unpruned] = arms;
      for (const trained of [finetuned!, scratch!]) {
        // Normalisation that directly followed a layer was folded into it.
        expect(trained.parameters).toBeLessThanOrEqual(refit!.parameters);
        expect(trained.macs).toBe(refit!.macs);
      }
      expect([scratch!.parameters, scratch!.macs]).toEqual([finetuned!.parameters, finetuned!.macs]);
      expect(headOnly!.macs).toBe(unpruned!.macs);
      expect(unpruned!.parameters).toBeGreaterThan(refit!.parameters);
      expect([metric.finetuned, after.bytes]).toEqual([finetuned!.metric, finetuned!.bytes]);
      expect(new Set(arms.map(({ modelSha256 }) => modelSha256)).size).toBe(ARMS.length);
      for (const { latencyMs, epochs, history } of arms) {
        expect(latencyMs.p95).toBeGreaterThanOrEqual(latencyMs.p50);
        expect(epochs).toBe(history.length === 0 ? null : 1);
      }
    }
  });

  it('trains what has no ε once, and says how every training goes', () => {
    const [first, second] = reports.map(({ arms }) => new Map(arms.map((arm) => [arm.arm, arm.modelSha256])));
    for (const shared of ['headOnly', 'unpruned']) expect(first!.get(shared)).toBe(second!.get(shared));
    for (const own of ['refit', 'finetuned', 'scratch']) expect(first!.get(own)).not.toBe(second!.get(own));
    for (const name of ['finetuned at ε = 0.05', 'scratch at ε = 0.3', 'headOnly', 'unpruned']) {
      const lines = stderr.split('\n').filter((line) => line.startsWith(`train ${name} · epoch 1/1 · loss `));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/ · validation loss [\d.]+ · rmse [\d.]+ · \d+ images\/s/);
    }
  });

  it('delivers the finetuned networks, and tells people the same', async () => {
    for (const { epsilon, arms, after } of reports) {
      const path = join(out(), `small-yaw-${epsilon}`);
      expect((await stat(`${path}.onnx`)).size).toBe(after.bytes);
      const markdown = await readFile(`${path}.report.md`, 'utf8');
      for (const { modelSha256 } of arms) expect(markdown).toContain(modelSha256);
    }
    const again = await kneepoint(command());
    expect(again.stderr).toContain('this was computed before; nothing had to be done');
    for (const name of ['pruned, head refitted', 'same architecture from scratch', 'unpruned, head only']) {
      expect(again.stdout).toContain(name);
    }
  });

  it('is fetched again by its run', async () => {
    const runs = await kneepointJson<{ id: string; kind: string }[]>(['runs', ...here()]);
    const { id } = runs.find((run) => run.kind === 'COMPRESSION')!;
    const { code, stdout } = await kneepoint(['get', id, '--out', join(folder, 'got'), ...here()]);
    expect([code, stdout.trim().split('\n').length]).toEqual([0, 9]);
  });

  it('and its networks are timed against each other', async () => {
    const digests = reports[0]!.arms.map(({ modelSha256 }) => modelSha256);
    const timed = await kneepointJson<{ batch: number; networks: { name: string; macs: number }[] }>([
      ...['benchmark', 'small', ...digests, '--batch', '4', '--runs', '5', ...here()],
    ]);
    expect(timed.batch).toBe(4);
    expect(timed.networks.map(({ macs }) => macs).slice(1)).toEqual(reports[0]!.arms.map(({ macs }) => macs));
  });
});

describe('finetune', () => {
  it.each(['whole', 'head', 'scratch'])('in mode %s gives a network that runs, and its card', async (mode) => {
    const out = join(folder, mode);
    const trained = await kneepointJson<Trained>([
      ...['finetune', 'small', 'faces', 'gender', '--mode', mode, '--epochs', '1', '--out', out, ...here()],
    ]);
    expect(trained).toMatchObject({ mode: mode.toUpperCase(), tasks: ['gender'], results: [{ metric: 'ACCURACY' }] });
    expect(trained.epochs.filter(({ epoch }) => epoch > 0)).toHaveLength(1);
    const path = join(out, `small-gender-${mode}`);
    expect((await stat(`${path}.onnx`)).size).toBe(trained.model.bytes);
    expect(JSON.parse(await readFile(`${path}.json`, 'utf8'))).toEqual(trained);
    const session = await InferenceSession.create(`${path}.onnx`);
    const image = new Tensor('float32', new Float32Array(2 * 3 * 32 * 32), [2, 3, 32, 32]);
    const [answer] = Object.values(await session.run({ image }));
    expect(answer!.dims).toEqual([2, 1]);
    await session.release();
  });

  it('again does no work; with another seed it does', async () => {
    const args = ['finetune', 'small', 'faces', 'gender', '--mode', 'head', '--epochs', '1', ...here()];
    const again = await kneepoint(args);
    expect(again.stderr).toContain('this was trained before; nothing had to be done');
    const other = await kneepoint([...args, '--seed', '7']);
    expect([other.code, other.stderr.includes('trained before')]).toEqual([0, false]);
    const runs = await kneepointJson<{ id: string; kind: string }[]>(['runs', ...here()]);
    const { id } = runs.find((run) => run.kind === 'FINETUNE')!;
    const got = await kneepoint(['get', id, '--out', join(folder, 'got-training'), ...here()]);
    expect(got.stdout.trim().split('\n')).toEqual(
      ['gender-head.onnx', 'gender-head.preprocess.json', 'labels.txt', 'gender-head.json'].map((name) =>
        join(folder, 'got-training', name),
      ),
    );
  });

  it('goes on from a network that was trained here, and learns from another', async () => {
    const first = await kneepointJson<Trained>([
      ...['finetune', 'small', 'faces', 'yaw', '--epochs', '1', '--layer', 'conv4', ...here()],
    ]);
    const { sha256 } = first.model;
    const second = await kneepointJson<Trained>([
      ...['finetune', sha256, 'faces', 'yaw', '--epochs', '1', '--lr', '0.0001', '--teacher', sha256, ...here()],
    ]);
    expect(second.epochs[0]).toMatchObject({ epoch: 0 });
    expect(second.epochs[0]!.metric).toBeCloseTo(
      first.epochs.find(({ epoch }) => epoch === first.bestEpoch)!.metric,
      4,
    );
  });
});

describe('train', () => {
  it('makes a network of one’s own with a card by which anybody makes the same file again', async () => {
    const train = (out: string, where: readonly string[]) =>
      kneepointJson<Trained & { command: string; widths: unknown[]; seed: number }>([
        ...['train', '--faces', '120', '--size', '32', '--tasks', 'gender,yaw', '--widths', '4,pool,8'],
        ...['--epochs', '2', '--seed', '3', '--out', out, ...where],
      ]);
    const path = join(folder, 'own', 'tiny.onnx');
    const card = await train(path, here());
    expect(card).toMatchObject({ widths: [4, 'pool', 8], size: 32, seed: 3, tasks: ['gender', 'yaw'] });
    expect(card.command).toContain('npx kneepoint train --faces 120');
    expect(JSON.parse(await readFile(join(folder, 'own', 'tiny.json'), 'utf8'))).toEqual(card);
    expect(JSON.parse(await readFile(join(folder, 'own', 'tiny.preprocess.json'), 'utf8'))).toMatchObject({
      channels: 'rgb',
      range: [0, 1],
    });
    const elsewhere = join(folder, 'own', 'again.onnx');
    const again = await train(elsewhere, ['--data-dir', join(folder, 'elsewhere')]);
    expect(again.model.sha256).toBe(card.model.sha256);
    expect(await readFile(elsewhere)).toEqual(await readFile(path));
    // What it made is a model like any other.
    const registered = await kneepointJson<{ name: string }>(['model', 'add', path, '--name', 'own', ...here()]);
    expect(registered.name).toBe('own');
  });
});
