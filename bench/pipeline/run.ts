/**
 * The whole job beside what people would use instead, on the same cores: probe, cut, train and report at −90 % MACs for the pose of
 * the CMU faces; and PyTorch with Torch-Pruning's Taylor importance, by the same splits, epochs and a teacher.
 *
 *   KNEEPOINT_DATA=/path/to/data npx tsx bench/pipeline/run.ts [--splits 3] [--epochs 10] [--json]
 *
 * The folder is that of bench/results/photographs.ts. Both sides start a process for each split, in turn, and have all cores that this
 * process may use. --epochs are those of the whole network and of the last round; the round before it has half. Needs Debian's
 * python3-torch, python3-onnx and python3-pil, and pip for Torch-Pruning.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { validatePreprocess } from '@kneepoint/datasets';
import type { Report } from '@kneepoint/workflow';
import { kneepointJson } from '../../test/support/kneepoint.ts';
import { machine } from '../support/machine.ts';
import { childrenMs } from '../support/processor.ts';
import { python } from '../support/python.ts';
import { installTorchPruning, TORCH_PRUNING } from '../support/torch-pruning.ts';
import { GROUP, type SplitFaces, splitFaces, TASK } from './faces.ts';

const MODEL = 'head-pose-estimation-adas-0001';
/** Height and width of its input. */
const SIZE = [60, 60] as const;
/** Shares of the MACs that the rival has removed at the end of each round. */
const REDUCTIONS = [0.8, 0.9] as const;
/** What is left of the 51.0 M of the trunk in the end; the file has two heads more, so that a share of it would be another figure. */
const TARGET = 'macs=5.1M';
const BATCH = 32;
const SEED = 1;
/** Ours in at most this share of the rival's time. */
const WANTED = 0.7;

interface Outcome {
  readonly seconds: number;
  readonly processor: number;
  /** Accuracy on test of the network cut and trained, and of the whole one. */
  readonly accuracy: number;
  readonly whole: number;
  readonly macs: number;
  readonly parameters: number;
}

interface RivalAnswer {
  readonly versions: string;
  readonly stages: Readonly<Record<string, { readonly seconds: number; readonly processor: number }>>;
  readonly whole: RivalFigures;
  readonly rounds: readonly RivalFigures[];
}

interface RivalFigures {
  readonly test: number;
  readonly validation: number;
  readonly macs: number;
  readonly parameters: number;
}

const { values: options } = parseArgs({
  options: {
    splits: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const [splits, epochs] = [Number(options.splits), Number(options.epochs)];
if (![splits, epochs].every((count) => Number.isInteger(count) && count > 0)) {
  console.error('--splits and --epochs are whole numbers from 1 on');
  process.exit(2);
}
const data = process.env['KNEEPOINT_DATA'];
if (data === undefined || data === '') {
  console.error('NOT RUN: KNEEPOINT_DATA names no folder');
  process.exit(2);
}
const missing = await installTorchPruning();
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}

const model = join(data, 'models', `${MODEL}.onnx`);
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-pipeline-'));
try {
  console.log(`${machine()}; ${MODEL} → ${TASK}, −${100 * REDUCTIONS.at(-1)!} % MACs; ${epochs} epochs\n`);
  const found: { readonly ours: Outcome; readonly theirs: Outcome; readonly answer: RivalAnswer }[] = [];
  for (let split = 0; split < splits; split++) {
    const at = join(folder, String(split));
    const faces = await splitFaces(join(data, 'cmu_faces'), join(at, 'faces'), split);
    // Whoever goes first has a cool machine, or a cold cache: each in turn.
    const [ours, { outcome: theirs, answer }] =
      split % 2 === 0
        ? [await ownRun(at, faces), await rivalRun(at, faces)]
        : await rivalRun(at, faces).then(async (theirs) => [await ownRun(at, faces), theirs] as const);
    found.push({ ours, theirs, answer });
    console.error(`split ${split}: ours ${ours.seconds.toFixed(0)} s, theirs ${theirs.seconds.toFixed(0)} s`);
  }
  console.log(table(found));
  if (options.json) console.log(`\n${JSON.stringify({ machine: machine(), epochs, splits: found })}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function ownRun(at: string, { folder: faces, split }: SplitFaces): Promise<Outcome> {
  const { value: report, ...times } = await timed(() =>
    kneepointJson<Report>([
      ...['compress', '--model', model, '--data', faces, '--task', TASK, '--group', GROUP],
      ...['--target', TARGET, '--arms', 'finetuned,unpruned'],
      ...['--epochs', String(epochs), '--batch-size', String(BATCH), '--seed', String(SEED)],
      ...['--data-dir', join(at, 'data'), '--out', join(at, 'out')],
    ]),
  );
  const rows = ['train', 'validation', 'test'] as const;
  if (rows.some((part) => report.split[part] !== split[part].length))
    throw new Error('the command split the images otherwise than the rival was told');
  const arm = (name: 'finetuned' | 'unpruned') => report.results[0]!.arms.find((one) => one.arm === name)!;
  const { metric, macs, parameters } = arm('finetuned');
  return { ...times, accuracy: metric, whole: arm('unpruned').metric, macs, parameters };
}

async function rivalRun(
  at: string,
  { images, labels, classes, split }: SplitFaces,
): Promise<{ readonly outcome: Outcome; readonly answer: RivalAnswer }> {
  const preprocess = validatePreprocess(
    JSON.parse(await readFile(join(data!, 'models', `${MODEL}.preprocess.json`), 'utf8')),
  );
  const request = join(at, 'request.json');
  const rounds = [Math.ceil(epochs / 2), epochs];
  const settings = {
    size: SIZE,
    reductions: REDUCTIONS,
    epochs: { whole: epochs, rounds },
    rates: { whole: 3e-4, rounds: 1e-3 },
    batch: BATCH,
    threads: availableParallelism(),
    seed: SEED,
  };
  await writeFile(request, JSON.stringify({ model, preprocess, images, labels, classes, split, ...settings }));
  const script = new URL('rival.py', import.meta.url);
  const { value, ...times } = await timed(() => python(script, request, TORCH_PRUNING.folder));
  const answer = value as RivalAnswer;
  const { test, macs, parameters } = answer.rounds.at(-1)!;
  return { outcome: { ...times, accuracy: test, whole: answer.whole.test, macs, parameters }, answer };
}

/** Seconds by the clock, and of the processor for all processes that the work started and that ended with it. */
async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number; processor: number }> {
  const [started, used] = [performance.now(), childrenMs(process.pid)];
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1e3, processor: (childrenMs(process.pid) - used) / 1e3 };
}

function table(found: readonly { readonly ours: Outcome; readonly theirs: Outcome; readonly answer: RivalAnswer }[]) {
  const row = (
    side: string,
    split: number | string,
    { seconds, processor, accuracy, whole, macs, parameters }: Outcome,
  ) =>
    `| ${[
      side,
      split,
      seconds.toFixed(1),
      processor.toFixed(1),
      percent(accuracy),
      percent(whole),
      `${(macs / 1e6).toFixed(2)} M`,
      `${(parameters / 1e3).toFixed(1)} k`,
    ].join(' | ')} |`;
  const [ours, theirs] = [mean(found.map((one) => one.ours)), mean(found.map((one) => one.theirs))];
  const { versions } = found[0]!.answer;
  const ratio = ours.seconds / theirs.seconds;
  return [
    '| | split | seconds | of the processor | cut and trained, accuracy on test | whole network finetuned | MACs | parameters |',
    '|---|---|---:|---:|---:|---:|---:|---:|',
    ...found.flatMap((one, split) => [row('Kneepoint', split, one.ours), row(versions, split, one.theirs)]),
    row('Kneepoint', 'mean', ours),
    row(versions, 'mean', theirs),
    '',
    `Ours takes ${ratio.toFixed(2)} of its time (${(ours.processor / theirs.processor).toFixed(2)} of the processor's; wanted: ≤ ${WANTED}), and is ${points(ours.accuracy - theirs.accuracy)}.`,
    `Its stages, seconds: ${stagesOf(found.map(({ answer }) => answer))}.`,
  ].join('\n');
}

function mean(all: readonly Outcome[]): Outcome {
  const of = (key: keyof Outcome) => all.reduce((sum, one) => sum + one[key], 0) / all.length;
  return {
    seconds: of('seconds'),
    processor: of('processor'),
    accuracy: of('accuracy'),
    whole: of('whole'),
    macs: of('macs'),
    parameters: of('parameters'),
  };
}

function stagesOf(answers: readonly RivalAnswer[]): string {
  const of = (name: string) => answers.reduce((sum, { stages }) => sum + stages[name]!.seconds, 0) / answers.length;
  return Object.keys(answers[0]!.stages)
    .map((name) => `${name} ${of(name).toFixed(1)}`)
    .join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function points(difference: number): string {
  const size = `${Math.abs(100 * difference).toFixed(1)} points`;
  return difference < 0 ? `${size} less accurate` : `${size} more accurate`;
}
