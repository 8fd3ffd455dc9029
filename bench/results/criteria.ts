/**
 * Does the lasso knee choose better filters than other criteria do, at the same multiply-accumulates? Each network is cut by every
 * criterion to the MACs of its knee, refitted, and finetuned alike. The third part of docs/results.md.
 *
 *   KNEEPOINT_DATA=/path/to/data npx tsx bench/results/criteria.ts [faces]
 *
 * The folder is that of photographs.ts; without it only the drawn faces are done.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderFaces } from '@kneepoint/datasets';
import type { Report, ReportResult } from '@kneepoint/workflow';
import { kneepoint } from '../../test/support/kneepoint.ts';
import { show } from './arms-table.ts';
import { machine } from '../support/machine.ts';

const EPSILON = '0.3';
const RIVALS = ['l1', 'l2', 'bnScale', 'activation', 'taylor', 'random'] as const;
/** For every criterion alike. */
const EPOCHS = '6';
const SEED = 1;
const PERSONS = 100;

interface Case {
  readonly model: string;
  readonly data: string;
  readonly task: string;
  readonly more: readonly string[];
}

const count = Number(process.argv[2] ?? 1200);
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-criteria-'));
try {
  console.log(`${machine()}; ε = ${EPSILON}; ${count} drawn faces of ${PERSONS} people; ${EPOCHS} epochs\n`);
  const faces = join(folder, 'faces');
  await renderFaces({ folder: faces, count, seed: SEED, persons: PERSONS, size: 64 });
  for (const one of [...drawn(faces), ...photographs(process.env['KNEEPOINT_DATA'])]) console.log(await compare(one));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function drawn(data: string): Case[] {
  const model = 'packages/cli/networks/faces-identity.onnx';
  return ['gender', 'emotion', 'accessories'].map((task) => ({ model, data, task, more: [] }));
}

function photographs(data: string | undefined): Case[] {
  if (data === undefined || data === '') {
    console.error('NOT RUN on photographs: KNEEPOINT_DATA names no folder');
    return [];
  }
  const model = join(data, 'models', 'head-pose-estimation-adas-0001.onnx');
  return ['pose', 'eyes'].map((task) => ({
    model,
    data: join(data, 'cmu_faces'),
    task,
    more: ['--group', 'identity'],
  }));
}

async function compare({ model, data, task, more }: Case): Promise<string> {
  const run = (rivals: readonly string[]) =>
    kneepoint([
      ...['compress', '--model', model, '--data', data, '--task', task, '--epsilon', EPSILON, ...more],
      ...['--compare', rivals.join(','), '--arms', 'finetuned', '--epochs', EPOCHS, '--json'],
      ...['--data-dir', join(folder, 'data'), '--out', join(folder, 'out')],
    ]);
  let left: readonly string[] = RIVALS;
  let finished = await run(left);
  const folded = finished.code !== 0 && finished.stderr.includes('PLAN_NEEDS_NORMALISATION');
  if (folded) {
    left = RIVALS.filter((name) => name !== 'bnScale');
    finished = await run(left);
  }
  if (finished.code !== 0) throw new Error(finished.stderr);
  const [result] = (JSON.parse(finished.stdout) as Report).results;
  return [
    `### ${model.split('/').at(-1)} → ${task}\n`,
    tableOf(result!),
    ...(folded ? ['\nbnScale: no BatchNormalization stands right behind a convolution of this file.'] : []),
    '',
  ].join('\n');
}

function tableOf({ criteria, metric }: ReportResult): string {
  const cell = (value: number | undefined): string => (value === undefined ? '' : show(value, metric.name));
  return [
    `| criterion | ${metric.name} on test: refit | finetuned | parameters | MACs |`,
    '|---|---:|---:|---:|---:|',
    ...criteria.map(({ criterion, refit, finetuned, parameters, macs }) => {
      const size = [`${(parameters / 1e3).toFixed(1)} k`, `${(macs / 1e6).toFixed(2)} M`];
      return `| ${[criterion, cell(refit), cell(finetuned), ...size].join(' | ')} |`;
    }),
    `\nChance ${show(metric.chance, metric.name)}, linear probe on the whole network ${show(metric.probe, metric.name)}.`,
  ].join('\n');
}
