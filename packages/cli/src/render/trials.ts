import type { ReportResult } from '@kneepoint/workflow';
import { ARM_NAMES } from './arms.ts';
import { compact, metric } from './number.ts';
import { table } from './table.ts';

/** One figure over several partitions. */
export interface Spread {
  readonly figure: string;
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation: number;
  readonly each: readonly number[];
}

/** One network over several partitions: the metric on test of each arm that all of them have, then sizes. */
export interface SpreadReport {
  readonly goal: string;
  readonly metric: string;
  readonly figures: readonly Spread[];
}

/**
 * What the partitions have in common, by position of the networks in each.
 * @param trials for each partition its reports, one for each goal
 */
export function spreadReports(
  trials: readonly (readonly ReportResult[])[],
  goalOf: (report: ReportResult) => string,
): readonly SpreadReport[] {
  return (trials[0] ?? []).map((first, at): SpreadReport => {
    const reports = trials.map((own) => own[at]!);
    const arms = first.arms.filter(({ arm }) => reports.every((report) => report.arms.some((own) => own.arm === arm)));
    return {
      goal: goalOf(first),
      metric: first.metric.name,
      figures: [
        spread(
          'linear probe',
          reports.map((report) => report.metric.probe),
        ),
        ...arms.map(({ arm }) =>
          spread(
            ARM_NAMES[arm],
            reports.map((report) => report.arms.find((own) => own.arm === arm)!.metric),
          ),
        ),
        spread(
          'parameters',
          reports.map(({ after }) => after.parameters),
        ),
        spread(
          'MACs',
          reports.map(({ after }) => after.macs),
        ),
      ],
    };
  });
}

function spread(figure: string, each: readonly number[]): Spread {
  const mean = each.reduce((sum, value) => sum + value, 0) / each.length;
  const squares = each.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { figure, mean, deviation: each.length > 1 ? Math.sqrt(squares / (each.length - 1)) : 0, each };
}

/** Mean, standard deviation and every partition's figure, for a terminal. */
export function renderSpread({ goal, metric: name, figures }: SpreadReport): string {
  const count = figures[0]?.each.length ?? 0;
  return [
    `${goal}: ${count} partitions`,
    '',
    table(
      [`${name}, test`, 'mean', 'deviation', 'each'],
      figures.map(({ figure, mean, deviation, each }) => {
        const size = figure === 'parameters' || figure === 'MACs';
        const show = (value: number): string => (size ? compact(Math.round(value)) : metric(value, name));
        return [figure, show(mean), show(deviation), each.map(show).join(', ')];
      }),
      ['left', 'right', 'right', 'left'],
    ),
  ].join('\n');
}
