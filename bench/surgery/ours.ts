/**
 * One run of bench/surgery/run.ts, in a process of its own: ours.ts MODEL SHAPES, the model's file and its shapes as JSON. Answers with
 * one line of JSON: milliseconds of every stage by the clock and of the processor, and resident bytes (Linux).
 */
import { readFileSync } from 'node:fs';
import { decodeModel, encodeModel } from '@kneepoint/onnx';
import { analyzeChannels, l1Plan, prune } from '@kneepoint/pruning';

export interface SurgeryRun {
  readonly stages: Readonly<Record<Stage, Milliseconds>>;
  readonly parameters: { readonly before: number; readonly after: number };
  /** Bytes of the file, and of the pruned one. */
  readonly bytes: { readonly before: number; readonly after: number };
  /** Resident bytes before the file was read, and the most up to the pruned model, and up to its encoding. */
  readonly resident: { readonly start: number; readonly pruned: number; readonly encoded: number };
}

export interface Milliseconds {
  readonly clock: number;
  readonly processor: number;
}

export type Stage = 'decode' | 'analyse' | 'plan' | 'prune' | 'encode';

const [, , file, shapesFile] = process.argv;
const shapes = new Map(JSON.parse(readFileSync(shapesFile!, 'utf8')) as [string, number[]][]);
const stages = {} as Record<Stage, Milliseconds>;
const start = status('VmRSS');
const bytes = readFileSync(file!);
const model = timed('decode', () => decodeModel(bytes));
const analysis = timed('analyse', () => analyzeChannels(model, shapes));
const plan = timed('plan', () => l1Plan(model, analysis, 0.5));
const pruned = timed('prune', () => prune(model, shapes, plan));
const most = status('VmHWM');
const encoded = timed('encode', () => encodeModel(pruned));
const answer: SurgeryRun = {
  stages,
  parameters: { before: plan.before.parameters, after: plan.after.parameters },
  bytes: { before: bytes.byteLength, after: encoded.byteLength },
  resident: { start, pruned: most, encoded: status('VmHWM') },
};
console.log(JSON.stringify(answer));

function timed<T>(stage: Stage, work: () => T): T {
  const [started, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(used);
  stages[stage] = { clock: performance.now() - started, processor: (user + system) / 1e3 };
  return result;
}

function status(field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1] ?? Number.NaN) * 1024;
}
