/**
 * What small networks keep of the whole one finetuned, on real photographs, over several partitions by person: docs/results.md.
 *
 *   KNEEPOINT_DATA=/path/to/data npx tsx bench/results/kept.ts [task] [--splits 3] [--model NAME] [--compare l1,taylor,random,lasso]
 *
 * The folder is that of `photographs.ts`. With --compare every network is cut by these criteria too, over the same rounds, and trained alike.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Report, ReportArm, ReportResult } from '@kneepoint/workflow';
import { kneepoint } from '../../test/support/kneepoint.ts';
import { machine } from '../support/machine.ts';
import { show } from './arms-table.ts';

const RUNS = [
  { model: 'head-pose-estimation-adas-0001', task: 'pose', targets: [0.9, 0.95, 0.97] },
  { model: 'head-pose-estimation-adas-0001', task: 'eyes', targets: [0.9, 0.95] },
  { model: 'head-pose-estimation-adas-0001', task: 'identity', targets: [0.6, 0.8] },
  { model: 'seetaface-onet', task: 'eyes', targets: [0.8] },
  { model: 'slim-320', task: 'eyes', targets: [0.8] },
] as const;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    splits: { type: 'string', default: '3' },
    model: { type: 'string' },
    compare: { type: 'string' },
    targets: { type: 'string' },
    epochs: { type: 'string' },
  },
});
const [task] = positionals;
const data = process.env['KNEEPOINT_DATA'];
if (data === undefined) {
  console.error('NOT RUN: KNEEPOINT_DATA names no folder');
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-kept-'));
try {
  console.log(`${machine()}\n`);
  const wanted = RUNS.filter(
    (run) => (task === undefined || run.task === task) && (options.model === undefined || run.model === options.model),
  );
  for (const run of wanted) {
    const targets = options.targets?.split(',').map(Number) ?? run.targets;
    const splits: (readonly ReportResult[])[] = [];
    const started = performance.now();
    for (let seed = 1; seed <= Number(options.splits); seed++) splits.push(await compress(run, targets, seed));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`### ${run.model} → ${run.task}\n`);
    console.log(targets.map((_, at) => table(splits.map((reports) => reports[at]!))).join('\n\n'));
    console.log(`\n${splits.length} partitions by person in ${seconds} s.\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function compress(
  { model, task: name }: (typeof RUNS)[number],
  targets: readonly number[],
  seed: number,
): Promise<readonly ReportResult[]> {
  const { code, stdout, stderr } = await kneepoint([
    ...['compress', '--model', join(data!, 'models', `${model}.onnx`), '--data', join(data!, 'cmu_faces')],
    ...['--task', name, '--group', 'identity', '--split-seed', String(seed), '--arms', 'finetuned,scratch,unpruned'],
    ...['--target', targets.map((share) => `macs=-${Number((100 * share).toFixed(4))}%`).join(',')],
    ...(options.compare === undefined ? [] : ['--compare', options.compare]),
    ...(options.epochs === undefined ? [] : ['--epochs', options.epochs]),
    ...['--data-dir', join(folder, 'data'), '--out', join(folder, 'out'), '--json'],
  ]);
  if (code !== 0) throw new Error(stderr.split('\n').find((line) => line.startsWith('error')) ?? stderr);
  return (JSON.parse(stdout) as Report).results;
}

/** One target over all partitions: each figure as mean and what it was on each. */
function table(reports: readonly ReportResult[]): string {
  const [first] = reports;
  const { name } = first!.metric;
  const arm = (report: ReportResult, wanted: ReportArm['arm']): number =>
    report.arms.find((found) => found.arm === wanted)!.metric;
  const row = (label: string, of: (report: ReportResult) => number): string => {
    const found = reports.map(of);
    return `| ${label} | **${show(mean(found), name)}** | ${found.map((value) => show(value, name)).join(', ')} |`;
  };
  const share = (of: (report: ReportResult) => number): string => (100 * mean(reports.map(of))).toFixed(1);
  const parameters = reports.map(({ after }) => `${(after.parameters / 1e3).toFixed(1)} k`).join(', ');
  const heads = [...new Set(reports.map(({ bestLayer, pool }) => `${bestLayer}, ${pool} × ${pool}`))].join('; ');
  const target = first!.target!.target;
  const criteria = first!.criteria
    .slice(1)
    .map(({ criterion }, at) =>
      row(`by ${criterion}, finetuned`, (report) => report.criteria[at + 1]!.finetuned ?? NaN),
    );
  return [
    `MACs −${'remove' in target ? 100 * target.remove : ''} %: parameters −${share(({ before, after }) => 1 - after.parameters / before.parameters)} % (${parameters}); the head reads ${heads}`,
    '',
    `| ${name} on test | mean | each |`,
    '|---|---:|---|',
    row('whole network finetuned', (report) => arm(report, 'unpruned')),
    row('linear probe on the whole network', ({ metric }) => metric.probe),
    row('as it was cut', ({ metric }) => metric.pruned),
    row('healed and head refitted, nothing trained after the last cut', ({ metric }) => metric.refit),
    row('**finetuned**', (report) => arm(report, 'finetuned')),
    row('same architecture, fresh weights', (report) => arm(report, 'scratch')),
    ...criteria,
    `| of the whole network finetuned | **${share((report) => arm(report, 'finetuned') / arm(report, 'unpruned'))} %** | ${reports.map((report) => `${((100 * arm(report, 'finetuned')) / arm(report, 'unpruned')).toFixed(1)} %`).join(', ')} |`,
  ].join('\n');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
