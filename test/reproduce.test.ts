import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reproduction } from '@kneepoint/reproduction';
import { Kneepoint, kneepoint, kneepointJson } from './support/kneepoint.ts';

describe('a quick reproduction that was killed and started again', () => {
  let folder: string;
  let results: Reproduction;
  let before = '';
  let again = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-reproduce-'));
    const args = ['reproduce', '--quick', '--out', folder];
    const first = new Kneepoint(args);
    await first.says(/\] train for gender/);
    before = (await first.stop('SIGKILL')).stderr;
    const { code, stderr } = await kneepoint(args);
    again = stderr;
    expect(code, stderr).toBe(0);
    results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as Reproduction;
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('goes on: faces that were drawn are not drawn again, nor networks trained again that were', () => {
    expect(before).toMatch(/draw faces · \d+\/\d+ faces/);
    expect(again).not.toMatch(/draw faces · \d+\/\d+ faces/);
    expect(before).toMatch(/train vgg-identity-fresh .*epoch 1/);
    expect(again).not.toMatch(/train vgg-identity-fresh .*epoch/);
    expect(again).toMatch(/train vgg-head_pose-fresh .*epoch 1/);
    expect(again).toMatch(/^\[1\/\d+\] draw faces · 0 % of all/m);
  });

  it('reads a task better than a constant answer where a network was trained for it', () => {
    const { own } = results.networks.find(({ task }) => task === 'head_pose')!;
    expect(own!.value).toBeGreaterThan(own!.chance);
    const pose = results.matrix.find(({ network, task }) => network === 'vgg-head_pose' && task === 'yaw')!;
    expect(pose.value).toBeLessThan(pose.chance);
    expect(pose.r2).toBeGreaterThan(0);
    expect(pose.interval!.low).toBeLessThan(pose.interval!.high);
    expect(Number.isFinite(pose.logMe) && Number.isFinite(pose.hScore)).toBe(true);
  });

  it('keeps no fewer filters the stricter ε is, and less than all', () => {
    const kept = results.cuts.map(({ result }) => result.layers.reduce((sum, layer) => sum + layer.kept, 0));
    expect(results.cuts.map(({ result }) => result.epsilon)).toEqual([0.1, 0.01, 0.001]);
    const [loose, middle, strict] = kept as [number, number, number];
    expect(loose).toBeLessThanOrEqual(middle);
    expect(middle).toBeLessThanOrEqual(strict);
    for (const { result } of results.cuts) expect(result.after.parameters).toBeLessThan(result.before.parameters);
  });

  it('makes a small network of the larger one, beside a new head on that', () => {
    const [small, ...others] = results.small;
    expect([small!.network, small!.result.task, others]).toEqual([results.wide!.name, 'gender', []]);
    const { before, after, metric } = small!.result;
    expect(before).toMatchObject({ parameters: results.wide!.parameters, macs: results.wide!.macs });
    expect(after.macs).toBeLessThanOrEqual(0.2 * before.macs);
    expect(small!.throughput.after).toBeGreaterThan(small!.throughput.before);
    for (const share of [small!.head, small!.finetuned]) expect(share).toBeGreaterThan(metric.chance - 0.15);
  });

  it('keeps both halves of max-feature-map', () => {
    const { layers } = results.light.at(-1)!.result;
    for (const { name, indices } of layers.filter(({ name: layer }) => layer !== 'fc0' && layer.includes('.'))) {
      const half = layers.find((layer) => layer.name === name)!.filters / 2;
      const low = indices.filter((index) => index < half);
      expect(
        indices.filter((index) => index >= half).map((index) => index - half),
        name,
      ).toEqual(low);
    }
  });

  it('fits all satellite tasks in less time than heads are trained in', () => {
    const { timing } = results;
    expect(timing.tasks.length).toBeGreaterThan(0);
    expect(timing.lastLayerSeconds).toBeLessThan(timing.headSeconds!);
    expect(timing.lastLayerSeconds).toBeLessThan(timing.onImagesSeconds!);
  });

  it('takes from the identity probe what it takes from no wanted task', () => {
    const tasks = results.agnostic!.tasks;
    expect(tasks.map(({ role }) => role).sort()).toEqual(['avoided', 'wanted']);
  });

  it('writes a page whose every figure is there', async () => {
    const page = await readFile(join(folder, 'reproduction.md'), 'utf8');
    const figures = [...page.matchAll(/!\[[^\]]*\]\((figures\/[^)]+\.svg)\)/g)].map(([, path]) => path!);
    expect(figures.length).toBeGreaterThanOrEqual(10);
    for (const path of figures) expect(await readFile(join(folder, path), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page.match(/\*\*(holds|does not hold here|cannot be told)\*\*/g)!.length).toBeGreaterThan(10);
  });

  it('is kept by a run, from which everything can be fetched again', async () => {
    const store = ['--data-dir', join(folder, 'work')];
    const runs = await kneepointJson<readonly { readonly id: string; readonly kind: string }[]>(['runs', ...store]);
    const { id } = runs.find(({ kind }) => kind === 'REPRODUCTION')!;
    const again = join(folder, 'again');
    const { code, stderr } = await kneepoint(['get', id, '--out', again, ...store]);
    expect(code, stderr).toBe(0);
    for (const file of ['results.json', 'reproduction.md', join('figures', 'matrix.svg')]) {
      expect(await readFile(join(again, file), 'utf8'), file).toBe(await readFile(join(folder, file), 'utf8'));
    }
  });
});
