import type { Report } from '@kneepoint/workflow';
import type { Page } from 'playwright-core';
import { bytes, change, count, duration, metric, milliseconds, percent } from '../../web/src/format.ts';

export interface TableText {
  readonly caption: string;
  /** Below the head; the first cell names the row. */
  readonly rows: readonly (readonly string[])[];
}

/** All tables of a page as text. */
export function tablesOf(page: Page): Promise<readonly TableText[]> {
  return page.evaluate(`[...document.querySelectorAll('table.figures')].map((table) => ({
    caption: table.caption.textContent,
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
  }))`);
}

/** What the main tables have to say of a report, worked out from its figures alone; in the order of the page. */
export function expectedTables(report: Report): readonly TableText[] {
  return [...report.results.flatMap((result) => resultTables(report, result)), partitions(report)];
}

type Result = Report['results'][number];

function resultTables(report: Report, result: Result): readonly TableText[] {
  return [
    sizes(result),
    ...result.tasks.map((stages) => stageTable(report, result, stages)),
    ...(result.keep ? [keepTable(result, result.keep)] : []),
    ...(result.rounds.length > 0 ? [roundTable(result)] : []),
    ...result.perClass.flatMap((found) => perClass(report, result, found)),
    layers(result),
  ];
}

function sizes({ before, after }: Result): TableText {
  const row = (name: string, was: number, is: number, say: (value: number) => string) => [
    name,
    say(was),
    say(is),
    change(was, is),
  ];
  return {
    caption: 'The whole network and the delivered one',
    rows: [
      row('parameters', before.parameters, after.parameters, count),
      row('MACs', before.macs, after.macs, count),
      row('file', before.bytes, after.bytes, bytes),
      row('ms for one image, p50', before.latencyMs.p50, after.latencyMs.p50, milliseconds),
      row('ms for one image, p95', before.latencyMs.p95, after.latencyMs.p95, milliseconds),
    ],
  };
}

/** Names of networks, as whoever reads the page knows them. */
const NAMES: Readonly<Record<string, string>> = {
  refit: 'cut, head fitted again',
  finetuned: 'cut, finetuned',
  unpruned: 'whole, finetuned',
};

function stageTable(report: Report, result: Result, stages: Result['tasks'][number]): TableText {
  const { task, images, name, chance, pruned, healed, higherIsBetter } = stages;
  const say = (value: number): string => metric(name, value);
  const judged = ({ tasks }: Pick<Result['original'], 'tasks'>): readonly string[] => {
    const own = tasks.find((one) => one.task === task)!;
    return [say(own.metric), `${say(own.interval.low)} to ${say(own.interval.high)}`, say(own.validation)];
  };
  const none = ['', '', '', ''];
  const unit = report.tasks.find((one) => one.name === task)?.unit ?? null;
  const label = name === 'rmse' ? 'RMSE' : name;
  return {
    caption: `${label} of ${task}${unit === null ? '' : `, ${unit}`} on ${images} test images, ${higherIsBetter ? 'higher' : 'lower'} is better`,
    rows: [
      ['guessing', say(chance), '', '', ...none],
      ['whole, linear probe', ...judged(result.original), ...none],
      ['as it was cut', say(pruned), '', '', ...none],
      ['healed', say(healed), '', '', ...none],
      ...result.arms.map((arm) => [
        NAMES[arm.arm]!,
        ...judged(arm),
        count(arm.parameters),
        count(arm.macs),
        milliseconds(arm.latencyMs.p50),
        milliseconds(arm.latencyMs.p95),
      ]),
    ],
  };
}

function keepTable(result: Result, keep: NonNullable<Result['keep']>): TableText {
  return {
    caption: keep.met ? 'The goal is met on validation' : 'The goal was missed on validation',
    rows: keep.tasks.map(({ task, whole, bound, validation, test }) => {
      const { name } = result.tasks.find((one) => one.task === task)!;
      return [task, ...[whole.validation, bound, validation, whole.test, test].map((value) => metric(name, value))];
    }),
  };
}

function roundTable({ rounds, metric: { name } }: Result): TableText {
  return {
    caption: 'Networks that were trained on the way',
    rows: rounds.map((round) => [
      percent(round.share),
      count(round.parameters),
      count(round.macs),
      metric(name, round.validation),
      metric(name, round.test),
      percent(round.kept),
      round.keeps === true ? 'kept' : round.keeps === false ? 'missed' : '',
      String(round.epochs),
      duration(round.seconds),
    ]),
  };
}

function perClass(report: Report, result: Result, found: Result['perClass'][number]): readonly TableText[] {
  const before =
    result.reference === 'unpruned' ? 'the whole network, finetuned' : 'a linear probe on the whole network';
  const share = (value: number | null): string => (value === null ? '–' : percent(value));
  const figure = (value: number): string => value.toPrecision(3).replace('-', '−');
  const unit = report.tasks.find(({ name }) => name === found.task)?.unit ?? null;
  if (found.classes.length > 0) {
    return [
      {
        caption: `Before (${before}) → after, on test`,
        rows: found.classes.map(({ name, images, before: was, after: is }) => [
          name,
          String(images),
          ...(['precision', 'recall', 'f1'] as const).map((of) => `${share(was[of])} → ${share(is[of])}`),
        ]),
      },
    ];
  }
  return [
    {
      caption: `Answer − truth${unit === null ? '' : `, ${unit}`}: before (${before}) → after, on test`,
      rows: found.residuals.map(({ from, to, images, before: was, after: is }) => [
        `${figure(from)} to ${figure(to)}`,
        String(images),
        `${figure(was.mean)} → ${figure(is.mean)}`,
        `${figure(was.spread)} → ${figure(is.spread)}`,
      ]),
    },
  ];
}

function layers({ layers: all, bestLayer, pool }: Result): TableText {
  return {
    caption: `The head reads ${bestLayer}${pool > 1 ? ` on a ${pool} × ${pool} grid` : ''}`,
    rows: all.map((layer) => [
      layer.name,
      String(layer.filters),
      String(layer.kept),
      layer.lambda === null ? '' : layer.lambda.toPrecision(3),
      `${count(layer.parametersBefore)} → ${count(layer.parametersAfter)}`,
      change(layer.parametersBefore, layer.parametersAfter),
      `${count(layer.macsBefore)} → ${count(layer.macsAfter)}`,
      change(layer.macsBefore, layer.macsAfter),
      layer.reason === null ? (layer.note ?? '') : `frozen: ${layer.reason}${nodeOf(layer)}`,
    ]),
  };
}

/** The node in the way, where the words do not name it. */
function nodeOf({ reason, frozenBy }: Result['layers'][number]): string {
  return frozenBy && !reason!.includes(frozenBy.node) ? ` (${frozenBy.node}, ${frozenBy.operator})` : '';
}

function partitions({ split }: Report): TableText {
  return {
    caption: `Partitions: split by ${split.by}${split.given === null ? `, seed ${split.seed}` : `, as the data set has it (${split.given})`}`,
    rows: [
      ['training', String(split.train), 'weights are fitted'],
      ['validation', String(split.validation), 'everything is chosen'],
      ['test', String(split.test), 'judged once'],
    ],
  };
}
