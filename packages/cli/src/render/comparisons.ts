import type { ReportResult } from '@kneepoint/workflow';
import { compact, duration, metric, share } from './number.ts';
import { table } from './table.ts';

/** A table as rows of cells, from which both forms are made. */
interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const renderTasks = (report: ReportResult): string => render(tasksOf(report));
export const tasksMarkdown = (report: ReportResult): string => markdown(tasksOf(report));
export const renderCriteria = (report: ReportResult): string => render(criteriaOf(report));
export const criteriaMarkdown = (report: ReportResult): string => markdown(criteriaOf(report));
export const renderRounds = (report: ReportResult): string => render(roundsOf(report));
export const roundsMarkdown = (report: ReportResult): string => markdown(roundsOf(report));
export const renderAvoidance = (avoidance: Avoidance): string => render(avoidanceOf(avoidance));
export const avoidanceMarkdown = (avoidance: Avoidance): string => markdown(avoidanceOf(avoidance));

type Avoidance = NonNullable<ReportResult['avoidance']>;

/** Every task of a network for several, at all stages. */
function tasksOf({ tasks }: ReportResult): Rows {
  return {
    head: ['task', 'metric, test', 'chance', 'probe', 'pruned', 'healed', 'refit', 'finetuned'],
    rows: tasks.map(({ task, name, chance, probe, pruned, healed, refit, finetuned }) => [
      task,
      name,
      ...[chance, probe, pruned, healed, refit].map((value) => metric(value, name)),
      finetuned === undefined ? '' : metric(finetuned, name),
    ]),
  };
}

/** The same cut by every criterion at equal MACs. */
function criteriaOf({ criteria, metric: { name } }: ReportResult): Rows {
  return {
    head: ['criterion', 'parameters', 'MACs', `${name} refitted, test`, 'finetuned'],
    rows: criteria.map(({ criterion, parameters, macs, refit, finetuned }) => [
      criterion,
      compact(parameters),
      compact(macs),
      metric(refit, name),
      finetuned === undefined ? '' : metric(finetuned, name),
    ]),
  };
}

/** Every network that was made on the way to the one that is delivered. */
function roundsOf({ rounds, metric: { name } }: ReportResult): Rows {
  return {
    head: [
      'round',
      'parameters',
      'MACs',
      'left',
      'refit, test',
      `${name}, validation`,
      'of the whole',
      'test',
      'epochs',
      'time',
      '',
    ],
    rows: rounds.map((round, index) => [
      String(index + 1),
      compact(round.parameters),
      compact(round.macs),
      share(round.share),
      metric(round.refit, name),
      metric(round.validation, name),
      share(round.kept),
      metric(round.test, name),
      String(round.epochs),
      duration(round.seconds),
      [...(round.keeps === false ? ['too little'] : []), ...(round.delivered ? ['delivered'] : [])].join(', '),
    ]),
  };
}

/** What a linear probe reads before and after the cut. */
function avoidanceOf({ by, tasks }: Avoidance): Rows {
  return {
    head: [`linear probe, split by ${by}`, '', 'metric, test', 'chance', 'before', 'after'],
    rows: tasks.map(({ task, role, name, chance, before, after }) => [
      task,
      role,
      name,
      ...[chance, before, after].map((value) => metric(value, name)),
    ]),
  };
}

function render({ head, rows }: Rows): string {
  return table(
    head,
    rows,
    head.map((_, index) => (index === 0 ? 'left' : 'right')),
  );
}

function markdown({ head, rows }: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}
