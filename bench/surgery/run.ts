/**
 * A full-size VGG-16 (553 MB, random weights, 224 × 224) from bytes in memory to the network without half of its filters, beside
 * Torch-Pruning on the same network at the same ratio.
 *
 *   npx tsx bench/surgery/run.ts
 *
 * Both choose by L1 norm. Runs are processes of their own, in turn, one thread each; for every stage the one that took least processor
 * time counts, since other work on the machine hardly moves that. Debian's python3-torch and python3-torchvision are needed, and pip for Torch-Pruning.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeModel, vgg16 } from '@kneepoint/onnx';
import { shapesOf } from '@kneepoint/runtime';
import { python } from '../support/python.ts';
import { installTorchPruning, TORCH_PRUNING } from '../support/torch-pruning.ts';
import { machine } from '../support/machine.ts';
import type { Milliseconds, Stage, SurgeryRun } from './ours.ts';

const ROUNDS = 3;

export interface SurgeryFigures {
  /** The least processor time of each stage, and the clock of that run. */
  readonly stages: Readonly<Record<Stage, Milliseconds>>;
  /** Megabytes decoded per second. */
  readonly decoding: number;
  /** Milliseconds from bytes to pruned model: the sum of its stages. */
  readonly total: Milliseconds;
  readonly parameters: SurgeryRun['parameters'];
  readonly bytes: SurgeryRun['bytes'];
  /** The most that was resident up to the pruned model and up to its encoding, over the bytes of the file. */
  readonly memory: { readonly pruned: number; readonly encoded: number };
  /** Milliseconds that measuring the shapes took, once for all plans. */
  readonly shapes: number;
  /** Torch-Pruning; a string says why it is missing. */
  readonly rival: RivalFigures | string;
}

interface RivalFigures {
  readonly versions: string;
  readonly total: Milliseconds;
  /** Learned numbers left. */
  readonly parameters: number;
  readonly resident: number;
  /** Its processor time over ours, from loaded to pruned: it starts from a module in memory, we from bytes. */
  readonly ratio: number;
}

interface RivalRun {
  readonly versions: string;
  readonly stages: Readonly<Record<'build' | 'step', Milliseconds>>;
  readonly parameters: SurgeryRun['parameters'];
  readonly resident: number;
}

/** Measures for about a minute. */
export async function surgery(): Promise<SurgeryFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-surgery-'));
  try {
    const [file, shapesFile] = [join(folder, 'vgg16.onnx'), join(folder, 'shapes.json')];
    const model = vgg16();
    await writeFile(file, encodeModel(model));
    const started = performance.now();
    const shapes = await shapesOf(model);
    const measuring = performance.now() - started;
    await writeFile(shapesFile, JSON.stringify([...shapes]));
    const missing = await installTorchPruning();
    const [ours, theirs]: [SurgeryRun[], RivalRun[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await ownRun(file, shapesFile));
      if (missing === undefined)
        theirs.push((await python(new URL('rival.py', import.meta.url), TORCH_PRUNING.folder)) as RivalRun);
    }
    return figures(ours, measuring, missing ?? theirs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ownRun(file: string, shapes: string): Promise<SurgeryRun> {
  const script = fileURLToPath(new URL('ours.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, file, shapes]);
  return JSON.parse(stdout) as SurgeryRun;
}

function figures(ours: readonly SurgeryRun[], shapes: number, theirs: readonly RivalRun[] | string): SurgeryFigures {
  const { parameters, bytes } = ours[0]!;
  const stages = Object.fromEntries(
    STAGES.map((stage) => [stage, least(ours.map((run) => run.stages[stage]))]),
  ) as Record<Stage, Milliseconds>;
  const total = sum([stages.decode, stages.analyse, stages.plan, stages.prune]);
  const resident = (part: 'pruned' | 'encoded') =>
    Math.min(...ours.map((run) => (run.resident[part] - run.resident.start) / bytes.before));
  return {
    stages,
    decoding: bytes.before / 1e3 / stages.decode.processor,
    total,
    parameters,
    bytes,
    memory: { pruned: resident('pruned'), encoded: resident('encoded') },
    shapes,
    rival: typeof theirs === 'string' ? theirs : rivalFigures(theirs, total),
  };
}

function rivalFigures(runs: readonly RivalRun[], own: Milliseconds): RivalFigures {
  const total = sum((['build', 'step'] as const).map((stage) => least(runs.map((run) => run.stages[stage]))));
  const [{ versions, parameters }] = runs as [RivalRun];
  return {
    versions,
    total,
    parameters: parameters.after,
    resident: Math.min(...runs.map((run) => run.resident)),
    ratio: total.processor / own.processor,
  };
}

const STAGES: readonly Stage[] = ['decode', 'analyse', 'plan', 'prune', 'encode'];

function least(all: readonly Milliseconds[]): Milliseconds {
  return all.reduce((best, one) => (one.processor < best.processor ? one : best));
}

function sum(parts: readonly Milliseconds[]): Milliseconds {
  const total = (key: keyof Milliseconds) => parts.reduce((all, part) => all + part[key], 0);
  return { clock: total('clock'), processor: total('processor') };
}

/** The figures as lines of Markdown. */
export function surgeryTable({
  stages,
  decoding,
  total,
  parameters,
  bytes,
  memory,
  shapes,
  rival,
}: SurgeryFigures): string {
  const row = (what: string, { clock, processor }: Milliseconds, note = '') =>
    `| ${what} | ${processor.toFixed(0)} | ${clock.toFixed(0)} | ${note} |`;
  const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;
  return [
    '| stage | processor, ms | clock, ms | |',
    '|---|---:|---:|---|',
    row('decode', stages.decode, `${(decoding / 1e3).toFixed(0)} GB/s: weights stay views into the bytes`),
    row('analyse', stages.analyse),
    row('plan by L1 norm', stages.plan),
    row('prune', stages.prune, `${millions(parameters.before)} → ${millions(parameters.after)} parameters`),
    row('from bytes to pruned model', total),
    row('encode', stages.encode, `${(bytes.after / 1e6).toFixed(0)} MB`),
    ...(typeof rival === 'string'
      ? []
      : [row(rival.versions, rival.total, `${millions(rival.parameters)} parameters`)]),
    '',
    `Resident at most ${memory.pruned.toFixed(2)} times the file up to the pruned model, ${memory.encoded.toFixed(2)} with its encoding.`,
    `Shapes were measured before by running the network: ${(shapes / 1e3).toFixed(1)} s.`,
    typeof rival === 'string'
      ? rival
      : `Torch-Pruning takes ${rival.ratio.toFixed(1)} times as long, and ${(rival.resident / 1e9).toFixed(2)} GB.`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`${machine()}\n`);
  console.log(surgeryTable(await surgery()));
}
