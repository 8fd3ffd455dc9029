import type { Report, ReportResult } from '@kneepoint/workflow';
import { describeGoal, describeKeep } from '@kneepoint/workflow';
import { armsMarkdown, renderArms } from './arms.ts';
import {
  avoidanceMarkdown,
  criteriaMarkdown,
  renderAvoidance,
  renderCriteria,
  renderRounds,
  renderTasks,
  roundsMarkdown,
  tasksMarkdown,
} from './comparisons.ts';
import { change, compact, metric } from './number.ts';
import { perClassMarkdown } from './per-class.ts';
import { proofLine, proofParagraph } from './proof.ts';
import { table } from './table.ts';
import { whyNot } from './why-not.ts';

/** One network for a terminal, the verdict first: metric, size and time before and after, then the layers (as the paper's tables 3–6). */
export function renderResult(report: ReportResult, { split }: Pick<Report, 'split'>): string {
  const { metric: stages, before, after, proof } = report;
  const { meaning } = proof;
  const show = (value: number): string => metric(value, stages.name);
  const figures = table(
    ['', 'before', 'after', 'change'],
    [
      [
        'parameters',
        compact(before.parameters),
        compact(after.parameters),
        change(after.parameters, before.parameters),
      ],
      ['MACs', compact(before.macs), compact(after.macs), change(after.macs, before.macs)],
      ['bytes', compact(before.bytes), compact(after.bytes), change(after.bytes, before.bytes)],
      [
        'latency p50, ms',
        before.latencyMs.p50.toFixed(2),
        after.latencyMs.p50.toFixed(2),
        change(after.latencyMs.p50, before.latencyMs.p50),
      ],
      [
        'latency p95, ms',
        before.latencyMs.p95.toFixed(2),
        after.latencyMs.p95.toFixed(2),
        change(after.latencyMs.p95, before.latencyMs.p95),
      ],
    ],
    ['left', 'right', 'right', 'right'],
  );
  const layers = table(
    ['layer', 'filters', 'kept', 'λ', 'parameters', '', 'MACs', '', ''],
    report.layers.map((layer) => [
      layer.name,
      String(layer.filters),
      String(layer.kept),
      layer.lambda?.toPrecision(3) ?? '',
      compact(layer.parametersBefore),
      compact(layer.parametersAfter),
      compact(layer.macsBefore),
      compact(layer.macsAfter),
      layer.note ?? whyNot(layer),
    ]),
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  );
  return [
    report.verdict,
    '',
    `${report.task} at ${goalOf(report)}; the head reads ${headOf(report)}; ${report.measured.provider}`,
    ...targetLine(report),
    `${stages.name} on ${split.test} test images (split ${splitOf(split).slice(6)}): chance ${show(stages.chance)}, probe ${show(stages.probe)}, pruned ${show(stages.pruned)}, healed ${show(stages.healed)}, refit ${show(stages.refit)}${stages.finetuned === undefined ? '' : `, finetuned ${show(stages.finetuned)}`}`,
    ...keepLine(report),
    '',
    figures,
    ...(report.tasks.length > 1 ? ['', renderTasks(report)] : []),
    ...(report.rounds.length > 0 ? ['', renderRounds(report)] : []),
    ...(report.arms.length > 1 ? ['', renderArms(report)] : []),
    ...(report.criteria.length > 0 ? ['', renderCriteria(report)] : []),
    ...(report.avoidance ? ['', renderAvoidance(report.avoidance)] : []),
    '',
    layers,
    '',
    proofLine(proof),
    ...meaning.map((text) => `note: ${text}`),
    ...report.warnings.map((text) => `warning: ${text}`),
  ].join('\n');
}

/** What was put behind a network after it was measured. */
export interface AnsweringFile {
  readonly answers: 'probabilities' | 'labels';
  /** Of the file with it. */
  readonly bytes: number;
}

/** The same as Markdown, to stand beside the network. */
export function resultMarkdown(
  report: ReportResult,
  { split }: Pick<Report, 'split'>,
  name: string,
  answering?: AnsweringFile,
): string {
  const { metric: stages, before, after, proof } = report;
  const row = (label: string, ...cells: readonly (string | number)[]): string => `| ${[label, ...cells].join(' | ')} |`;
  const show = (value: number): string => metric(value, stages.name);
  const { finetuned } = stages;
  return `${[
    `# ${name}`,
    '',
    report.verdict,
    '',
    `Task **${report.task}**, ${goalOf(report)}, head on ${headOf(report, '`')}, provider ${report.measured.provider}.`,
    `${splitOf(split)}: ${split.train} training, ${split.validation} validation, ${split.test} test images.`,
    ...[...keepLine(report), ...targetLine(report)].map((line) => `\n${capital(line)}.`),
    ...(answering
      ? [
          `\nFigures are of the network that was measured, which gives raw scores; the file beside this page gives ${answering.answers} and has ${answering.bytes} bytes.`,
        ]
      : []),
    '',
    row('', 'before', 'after', 'change'),
    '|---|---:|---:|---:|',
    row('parameters', before.parameters, after.parameters, change(after.parameters, before.parameters)),
    row('MACs', before.macs, after.macs, change(after.macs, before.macs)),
    row('bytes', before.bytes, after.bytes, change(after.bytes, before.bytes)),
    row(
      'latency p50, ms',
      before.latencyMs.p50.toFixed(2),
      after.latencyMs.p50.toFixed(2),
      change(after.latencyMs.p50, before.latencyMs.p50),
    ),
    row(
      'latency p95, ms',
      before.latencyMs.p95.toFixed(2),
      after.latencyMs.p95.toFixed(2),
      change(after.latencyMs.p95, before.latencyMs.p95),
    ),
    '',
    row(stages.name, 'chance', 'probe', 'pruned', 'healed', 'refit', ...(finetuned === undefined ? [] : ['finetuned'])),
    `|---|---:|---:|---:|---:|---:|${finetuned === undefined ? '' : '---:|'}`,
    row(
      'test',
      ...[
        stages.chance,
        stages.probe,
        stages.pruned,
        stages.healed,
        stages.refit,
        ...(finetuned === undefined ? [] : [finetuned]),
      ].map(show),
    ),
    '',
    ...(report.tasks.length > 1 ? [tasksMarkdown(report), ''] : []),
    ...(report.rounds.length > 0 ? [roundsMarkdown(report), ''] : []),
    ...(report.arms.length > 1 ? [armsMarkdown(report), ''] : []),
    ...(report.criteria.length > 0 ? [criteriaMarkdown(report), ''] : []),
    ...perClassMarkdown(report),
    ...(report.avoidance ? [avoidanceMarkdown(report.avoidance), ''] : []),
    row('layer', 'filters', 'kept', 'λ', 'parameters', 'MACs', 'note'),
    '|---|---:|---:|---:|---:|---:|---|',
    ...report.layers.map((layer) =>
      row(
        `\`${layer.name}\``,
        layer.filters,
        layer.kept,
        layer.lambda?.toPrecision(3) ?? '',
        `${layer.parametersBefore} → ${layer.parametersAfter}`,
        `${layer.macsBefore} → ${layer.macsAfter}`,
        whyNot(layer),
      ),
    ),
    '',
    proofParagraph(proof),
    ...report.warnings.map((text) => `\nWarning: ${text}`),
  ].join('\n')}\n`;
}

/** "conv3", "conv3 on a 2 × 2 grid". */
function headOf({ bestLayer, pool }: ReportResult, quote = ''): string {
  const name = `${quote}${bestLayer}${quote}`;
  return pool > 1 ? `${name} on a ${pool} × ${pool} grid` : name;
}

/** "ε = 0.01", "MACs −60 %, by l1, tied channels by vote". */
export function goalOf({ epsilon, target, keep, criterion, decide, avoidance }: ReportResult): string {
  const goal = describeGoal({
    ...(epsilon === null ? {} : { epsilon }),
    ...(keep ? { keep: keep.goal } : target === null ? {} : { target: target.target }),
    criterion,
    // What is avoided is avoided by curves, which is no choice of a criterion then.
    ...(avoidance ? { avoid: { tasks: avoidance.tasks.map(({ task }) => task) } } : {}),
  });
  return decide === 'union' ? goal : `${goal}, tied channels by ${decide}`;
}

/** What became of the goal, in one sentence for each task. */
function keepLine({ keep, metric: { name } }: ReportResult): readonly string[] {
  if (!keep) return [];
  const show = (value: number): string => metric(value, keep.tasks.length > 1 ? 'value' : name);
  return keep.tasks.map(
    ({ task, whole, bound, validation, test }) =>
      `${keep.met ? 'kept' : 'NOT kept'}: ${describeKeep(keep.goal)} for ${task}: ${show(validation)} on validation (the whole network ${show(whole.validation)}, at the worst ${show(bound)}), ${show(test)} on test (${show(whole.test)})`,
  );
}

/** What the target was, what was planned and what came of it; nothing where an ε decided. */
function targetLine({ target, keep }: ReportResult): readonly string[] {
  // What a search asked of its last round is nobody's wish.
  if (!target || keep) return [];
  const { before, atMost, planned, search, reached } = target;
  const latency = target.target.kind === 'latency';
  const show = (value: number): string => (latency ? `${value.toFixed(2)} ms` : compact(value));
  const error = `${reached < planned ? '−' : '+'}${Math.abs(100 * (reached / planned - 1)).toFixed(1)} %`;
  const table = search
    ? `; the table of its layers had said ${show(search.forecast)}, measured ${show(search.measured)}; ${search.networks} whole networks were timed`
    : '';
  const forecast = latency ? `; the search had measured ${show(planned)} (off by ${error})${table}` : '';
  return [
    `target ${show(atMost)} of ${show(before)}, reached ${show(reached)} (${change(reached, before)})${forecast}`,
  ];
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function splitOf({ by, given }: Report['split']): string {
  return given === null ? `Split by ${by}` : `Split as the data set has it (${given})`;
}
