/**
 * Writes the table of values in helm/kneepoint/README.md from the comments of values.yaml: `npx tsx scripts/chart-values.ts`.
 * A test fails when the committed table differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

const chart = (file: string): string => fileURLToPath(new URL(`../helm/kneepoint/${file}`, import.meta.url));
export const CHART_README = chart('README.md');
const MARK = '<!-- values -->\n';

/** One row of the table. */
export interface ChartValue {
  /** Dotted path, such as `gateway.service.port`. */
  readonly path: string;
  readonly value: unknown;
  readonly text: string;
}

/** Every value of the chart with the comment above it; a comment above a group is the group's own row. */
export function chartValues(yaml = readFileSync(chart('values.yaml'), 'utf8')): readonly ChartValue[] {
  const document = parseDocument(yaml);
  // The first comment is of the file.
  return [...rows(document.contents as YAMLMap, '')];
}

/** The README with its table as values.yaml has it. */
export function chartReadme(readme = readFileSync(CHART_README, 'utf8')): string {
  const table = chartValues().map(({ path, value, text }) => {
    const shown = value === undefined ? '' : `\`${JSON.stringify(value)}\``;
    return `| \`${path}\` | ${shown} | ${text} |`;
  });
  const [before] = readme.split(MARK);
  return [before! + MARK + '| value | default | |', '|---|---|---|', ...table, ''].join('\n');
}

function* rows(map: YAMLMap, prefix: string): Generator<ChartValue> {
  for (const [index, pair] of map.items.entries()) {
    const key = isScalar(pair.key) ? pair.key : undefined;
    const path = `${prefix}${String(key?.value)}`;
    const text = comment(index === 0 ? (key?.commentBefore ?? map.commentBefore) : key?.commentBefore);
    if (isMap(pair.value) && pair.value.items.length > 0 && pair.value.flow !== true) {
      if (text !== '') yield { path, value: undefined, text };
      yield* rows(pair.value, `${path}.`);
    } else {
      yield { path, value: isScalar(pair.value) ? pair.value.value : (pair.value as YAMLMap).toJSON(), text };
    }
  }
}

function comment(text: string | null | undefined): string {
  return (text ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .replaceAll('|', '\\|');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CHART_README, chartReadme());
