/**
 * Seven tasks on synthetic faces of people that the network has never seen: cut to a fifth of the MACs, or once at an ε, and finetuned, against the
 * same network finetuned whole and against the cut architecture from fresh weights. In docs/results.md.
 *
 *   npx tsx bench/results/faces.ts [--target macs=-80% | --epsilon 0.01] [--faces 3000] [--network FILE] [--tasks age,gender] [--epochs n]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderFaces } from '@kneepoint/datasets';
import type { Report, ReportArm, ReportResult } from '@kneepoint/workflow';
import { kneepoint } from '../../test/support/kneepoint.ts';
import { armsTable, show } from './arms-table.ts';
import { machine } from '../support/machine.ts';

const ALL = 'identity,gender,facial_hair,accessories,age,emotion,head_pose';
/** Other people than those that the network was trained on. */
const SEED = 1;
const PERSONS = 100;
/** One point of a percentage; errors count relative to the unpruned network's. */
const WITHIN = 0.01;

const { values: options } = parseArgs({
  options: {
    target: { type: 'string' },
    epsilon: { type: 'string' },
    faces: { type: 'string', default: '3000' },
    network: { type: 'string', default: 'packages/cli/networks/faces-identity.onnx' },
    tasks: { type: 'string', default: ALL },
    epochs: { type: 'string' },
  },
});
const { faces, network, epsilon, target = 'macs=-80%', epochs } = options;
const goal = epsilon === undefined ? ['--target', target] : ['--epsilon', epsilon];
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-faces-'));
try {
  console.log(`${machine()}; ${faces} faces of ${PERSONS} people; ${network}; ${goal.join(' ')}\n`);
  const data = join(folder, 'faces');
  await renderFaces({ folder: data, count: Number(faces), seed: SEED, persons: PERSONS, size: 64 });
  const reports: ReportResult[] = [];
  for (const task of options.tasks.split(',')) {
    const { code, stdout, stderr } = await kneepoint([
      ...['compress', '--model', network, '--data', data, '--task', task, ...goal],
      ...['--arms', 'finetuned,scratch,unpruned', '--json'],
      ...(epochs === undefined ? [] : ['--epochs', epochs]),
      ...['--data-dir', join(folder, 'data'), '--out', join(folder, 'out')],
    ]);
    if (code !== 0) throw new Error(stderr);
    const { results } = JSON.parse(stdout) as Report;
    reports.push(...results);
    console.log(`### ${task}\n\n${armsTable(results)}\n`);
  }
  console.log(summary(reports));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function summary(reports: readonly ReportResult[]): string {
  const verdicts = reports.map((report) => {
    const arm = (name: ReportArm['arm']): number => report.arms.find((entry) => entry.arm === name)!.metric;
    const [finetuned, unpruned, scratch] = [arm('finetuned'), arm('unpruned'), arm('scratch')];
    const sign = report.metric.higherIsBetter ? 1 : -1;
    const scale = report.metric.name.includes('accuracy') ? 1 : unpruned;
    const recovers = (sign * (finetuned - unpruned)) / scale >= -WITHIN;
    const beats = sign * (finetuned - scratch) > 0;
    const { before, after } = report;
    const cells = [
      report.task,
      show(report.metric.chance, report.metric.name),
      ...[unpruned, finetuned, scratch].map((value) => show(value, report.metric.name)),
      `−${(100 * (1 - after.parameters / before.parameters)).toFixed(1)} %`,
      `−${(100 * (1 - after.macs / before.macs)).toFixed(1)} %`,
      recovers ? 'yes' : 'no',
      beats ? 'yes' : 'no',
    ];
    return { recovers, beats, line: `| ${cells.join(' | ')} |` };
  });
  const of = (key: 'recovers' | 'beats'): number => verdicts.filter((verdict) => verdict[key]).length;
  return [
    '| task | chance | unpruned, finetuned | pruned, finetuned | pruned architecture from scratch | parameters | MACs | within a point | beats scratch |',
    '|---|---:|---:|---:|---:|---:|---:|---|---|',
    ...verdicts.map(({ line }) => line),
    '',
    `Within a point of the unpruned network: ${of('recovers')} of ${reports.length}. Better than from scratch: ${of('beats')} of ${reports.length}.`,
  ].join('\n');
}
