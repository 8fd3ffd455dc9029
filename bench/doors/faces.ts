/**
 * `KNEEPOINT_DATA=/path/to/data npx tsx bench/doors/faces.ts [FILE.onnx …]`: networks as they come out of packages and exporters through the
 * whole of `compress` on the CMU faces: half of the multiply-accumulates, two epochs. The files are those named, or the ten smallest networks of
 * images with convolutions that bench/doors/run.ts has laid into .kneepoint/doors. The folder is that of bench/results/photographs.ts.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Report } from '@kneepoint/workflow';
import { kneepoint } from '../../test/support/kneepoint.ts';
import { machine } from '../support/machine.ts';
import { networksIn } from './published.ts';
import type { Outcome } from './try-file.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.kneepoint', 'doors');
const MANY = 10;
/** Where a file leaves height and width free. */
const SIZE = '64x64';

const data = process.env['KNEEPOINT_DATA'];
if (data === undefined) {
  console.error('NOT RUN: KNEEPOINT_DATA names no folder');
  process.exit(2);
}
const files = process.argv.length > 2 ? process.argv.slice(2) : await smallest();
console.log(`${machine()}\n\n| file | head reads | accuracy: probe, finetuned | MACs | parameters | proof | |`);
console.log('|---|---|---|---:|---:|---:|---|');
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-door-faces-'));
let through = 0;
try {
  for (const file of files) console.log(await row(file));
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`\n${through} of ${files.length} networks are through.`);

async function row(file: string): Promise<string> {
  const { code, stdout, stderr } = await kneepoint([
    ...['compress', '--model', file, '--data', join(data!, 'cmu_faces'), '--task', 'pose', '--group', 'identity'],
    ...['--target', 'macs=-50%', '--arms', 'finetuned', '--epochs', '2', '--size', SIZE],
    ...['--data-dir', join(folder, 'data'), '--out', join(folder, 'out'), '--json'],
  ]);
  const name = basename(file);
  if (code !== 0) {
    const problem = stderr.split('\n').find((line) => line.startsWith('error')) ?? stderr.slice(-200);
    return `| ${name} | | | | | | ${problem.replaceAll('|', '/')} |`;
  }
  through++;
  const { bestLayer, pool, metric, before, after, proof } = (JSON.parse(stdout) as Report).results[0]!;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const fell = (from: number, to: number): string => `−${percent(1 - to / from)}`;
  return `| ${[
    name,
    `${bestLayer}, ${pool} × ${pool}`,
    `${percent(metric.probe)}, ${percent(metric.finetuned ?? NaN)}`,
    fell(before.macs, after.macs),
    fell(before.parameters, after.parameters),
    proof.maxRelDiff.toExponential(1),
    '',
  ].join(' | ')} |`;
}

/** Of what was measured at the doors, by the digests in docs/doors.jsonl. */
async function smallest(): Promise<readonly string[]> {
  const lines = (await readFile(join(ROOT, 'docs', 'doors.jsonl'), 'utf8')).split('\n').filter(Boolean);
  const known = new Map(
    lines.map((line) => {
      const outcome = JSON.parse(line) as Outcome & { readonly sha256: string };
      return [outcome.sha256, outcome];
    }),
  );
  const found = new Map<string, string>();
  for (const file of await networksIn(FOLDER)) {
    const path = join(FOLDER, file);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    if (known.get(sha256)?.imageCnn) found.set(sha256, path);
  }
  const size = (sha256: string): number => known.get(sha256)!.megabytes;
  return [...found]
    .sort(([a], [b]) => size(a) - size(b))
    .slice(0, MANY)
    .map(([, path]) => path);
}
