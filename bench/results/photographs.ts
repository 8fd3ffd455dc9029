/**
 * The compression of real networks on real photographs, with what finetuning gives back: the first part of docs/results.md.
 *
 *   KNEEPOINT_DATA=/path/to/data npx tsx bench/results/photographs.ts [task]
 *
 * The folder holds models/head-pose-estimation-adas-0001.onnx (Open Model Zoo), models/slim-320.onnx, models/seetaface-onet.onnx and
 * cmu_faces/ (UCI) with labels.csv; none of it is part of this repository.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Report, ReportResult } from '@kneepoint/workflow';
import { kneepoint } from '../../test/support/kneepoint.ts';
import { armsTable, show } from './arms-table.ts';
import { machine } from '../support/machine.ts';

const EPSILONS = '0.1,0.01,0.001';
const RUNS = [
  { model: 'head-pose-estimation-adas-0001', task: 'pose', group: 'identity', arms: 'all' },
  { model: 'head-pose-estimation-adas-0001', task: 'eyes', group: 'identity', arms: 'all' },
  { model: 'head-pose-estimation-adas-0001', task: 'expression', group: 'identity', arms: 'none' },
  { model: 'head-pose-estimation-adas-0001', task: 'identity', group: 'identity', arms: 'none' },
  { model: 'seetaface-onet', task: 'eyes', group: 'identity', arms: 'none' },
  { model: 'slim-320', task: 'eyes', group: 'identity', arms: 'none' },
] as const;

const data = process.env['KNEEPOINT_DATA'];
if (data === undefined) {
  console.error('NOT RUN: KNEEPOINT_DATA names no folder');
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-results-'));
try {
  console.log(`${machine()}\n`);
  const wanted = process.argv[2];
  for (const { model, task, group, arms } of RUNS.filter((run) => wanted === undefined || run.task === wanted)) {
    const file = join(data, 'models', `${model}.onnx`);
    const args = [
      'compress',
      '--model',
      file,
      '--data',
      join(data, 'cmu_faces'),
      '--task',
      task,
      '--epsilon',
      EPSILONS,
      '--group',
      group,
      ...(arms === 'all' ? [] : ['--arms', arms]),
    ];
    const started = performance.now();
    const { code, stdout, stderr } = await kneepoint([
      ...args,
      '--data-dir',
      join(folder, 'data'),
      '--out',
      join(folder, 'out'),
      '--json',
    ]);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`### ${basename(file)} → ${task}\n`);
    if (code !== 0) {
      console.log(`Refused or failed: ${stderr.split('\n').find((line) => line.startsWith('error'))}\n`);
      continue;
    }
    const { results: reports, split } = JSON.parse(stdout) as Report;
    console.log(tableOf(reports));
    if (arms === 'all') console.log(`\n${armsTable(reports)}`);
    console.log(`\nAll three in ${seconds} s. ${splitOf(split)}\n`);
    for (const [warning, epsilons] of warningsOf(reports)) console.log(`- ε = ${epsilons.join(', ')}: ${warning}`);
    console.log();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function tableOf(reports: readonly ReportResult[]): string {
  const [first] = reports;
  const filters = (report: ReportResult): string =>
    `${sum(report.layers.map((layer) => layer.kept))} of ${sum(report.layers.map((layer) => layer.filters))}`;
  return [
    `| ε | head on | filters kept | ${first!.metric.name}: chance | probe | pruned | refit | parameters | MACs | latency p50, ms | surgery = masking, relative |`,
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...reports.map((report) => {
      const { metric, before, after, proof } = report;
      const cells = [
        report.epsilon,
        report.bestLayer,
        filters(report),
        show(metric.chance, metric.name),
        show(metric.probe, metric.name),
        show(metric.pruned, metric.name),
        show(metric.refit, metric.name),
        `${thousands(before.parameters)} → ${thousands(after.parameters)} (${less(after.parameters, before.parameters)})`,
        `${millions(before.macs)} → ${millions(after.macs)} (${less(after.macs, before.macs)})`,
        `${before.latencyMs.p50.toFixed(2)} → ${after.latencyMs.p50.toFixed(2)} (${less(after.latencyMs.p50, before.latencyMs.p50)})`,
        proof.maxRelDiff.toExponential(1),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

/** Each warning once, with the ε that it was given for. */
function warningsOf(reports: readonly ReportResult[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const { epsilon, warnings } of reports)
    for (const warning of warnings) found.set(warning, [...(found.get(warning) ?? []), epsilon!]);
  return found;
}

function splitOf(split: Report['split']): string {
  return `Split by ${split.by}: ${split.train} training, ${split.validation} validation, ${split.test} test images.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function thousands(value: number): string {
  return `${(value / 1e3).toFixed(1)} k`;
}

function millions(value: number): string {
  return `${(value / 1e6).toFixed(2)} M`;
}

function less(after: number, before: number): string {
  const change = 100 * (after / before - 1);
  return `${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(1)} %`;
}
