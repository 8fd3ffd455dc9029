import type { ReportPerClass, ReportResult } from '@kneepoint/workflow';
import { share } from './number.ts';

/** More than anybody reads; the report has all of them. */
const MOST_CLASSES = 40;
const MOST_CONFUSED = 12;

/** What a network's figures are made of, before and after, as Markdown; nothing where there is nothing to break down. */
export function perClassMarkdown({ perClass, reference }: ReportResult): readonly string[] {
  const before = reference === 'unpruned' ? 'the whole network finetuned' : 'the probe on the untouched network';
  return perClass.flatMap((task) => {
    const tables = [...classes(task), ...confusion(task), ...residuals(task)];
    return tables.length === 0 ? [] : [`**${task.task}** on test, before (${before}) and after:`, '', ...tables];
  });
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const shown = (value: number | null): string => (value === null ? '' : share(value));
const change = (before: number | null, after: number | null): string => `${shown(before)} → ${shown(after)}`;

function classes({ classes: all }: ReportPerClass): readonly string[] {
  if (all.length === 0) return [];
  const left = all.length - MOST_CLASSES;
  return [
    row('class', 'images', 'precision', 'recall', 'F1'),
    '|---|---:|---:|---:|---:|',
    ...all
      .slice(0, MOST_CLASSES)
      .map(({ name, images, before, after }) =>
        row(
          escaped(name),
          images,
          change(before.precision, after.precision),
          change(before.recall, after.recall),
          change(before.f1, after.f1),
        ),
      ),
    ...(left > 0 ? [row(`and ${left} more`, '', '', '', '')] : []),
    '',
  ];
}

/** Only of the network that is delivered: two tables of counts beside each other are for a page. */
function confusion({ confusion: found, classes: all }: ReportPerClass): readonly string[] {
  if (!found || all.length > MOST_CONFUSED) return [];
  return [
    row('after: is, answered', ...all.map(({ name }) => escaped(name))),
    `|---|${'---:|'.repeat(all.length)}`,
    ...found.after.map((answers, id) => row(escaped(all[id]!.name), ...answers)),
    '',
  ];
}

function residuals({ residuals: bins }: ReportPerClass): readonly string[] {
  if (bins.length === 0) return [];
  const show = (value: number): string => value.toPrecision(3);
  return [
    row('truth', 'images', 'mean error', 'spread'),
    '|---|---:|---:|---:|',
    ...bins.map(({ from, to, images, before, after }) =>
      row(
        `${show(from)} – ${show(to)}`,
        images,
        `${show(before.mean)} → ${show(after.mean)}`,
        `${show(before.spread)} → ${show(after.spread)}`,
      ),
    ),
    '',
  ];
}

function escaped(name: string): string {
  return name.replaceAll('|', String.raw`\|`).replaceAll(/[\r\n]+/g, ' ');
}
