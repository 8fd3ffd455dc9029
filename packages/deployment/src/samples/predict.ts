/**
 * What the network says of pictures: `npx tsx predict.ts PICTURE…`. Given a folder with labels.jsonl (one JSON object a line: "image", and a
 * member for each column that config.json names), or for one task of classes with a folder of pictures for each class, it prints the report's
 * metric over them: `npx tsx predict.ts ../test`. Where the folder has an expected.json it says whether all is as it was when this was packaged.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Preprocess, readPlanes } from './preprocess.ts';

interface Task {
  readonly name: string;
  readonly type: 'binary' | 'categorical' | 'multilabel' | 'ordered' | 'continuous';
  readonly classes: readonly string[] | null;
  readonly bins: readonly (readonly number[])[] | null;
  readonly unit: string | null;
  readonly thresholds: readonly number[];
  /** Of labels.jsonl. */
  readonly columns: readonly string[];
  /** Which numbers of which output. */
  readonly output: string;
  readonly from: number;
  readonly to: number;
  readonly gives: 'score' | 'probability' | 'label' | 'value';
  readonly metric: 'accuracy' | 'rmse';
}

interface Config {
  readonly input: {
    readonly name: string;
    readonly type: 'float32' | 'float16' | 'uint8';
    readonly layout: 'NCHW' | 'NHWC';
    readonly batch: number | null;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  };
  readonly otherInputs: readonly {
    readonly name: string;
    readonly type: Tensor.Type;
    readonly dims: readonly number[];
  }[];
  readonly tasks: readonly Task[];
}

const ZEROS: Readonly<Record<string, new (length: number) => ArrayBufferView>> = {
  ...{ float16: Uint16Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array },
  ...{ uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array },
};

type Label = string | number | null;
type Row = Readonly<Record<string, Label>>;

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..');
const config = JSON.parse(await readFile(join(FOLDER, 'config.json'), 'utf8')) as Config;
const preprocess = JSON.parse(await readFile(join(FOLDER, 'model.preprocess.json'), 'utf8')) as Preprocess;
const session = await InferenceSession.create(join(FOLDER, 'model.onnx'));

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The numbers of one picture, task by task. */
async function run(path: string): Promise<number[][]> {
  const { name, type, layout, batch, channels, height, width } = config.input;
  const planes = await readPlanes(path, preprocess, { width, height }, channels);
  const images = batch ?? 1;
  const values = new Float32Array(images * planes.length);
  const area = width * height;
  for (let i = 0; i < planes.length; i++) {
    values[i] = layout === 'NCHW' ? planes[i]! : planes[(i % channels) * area + Math.floor(i / channels)]!;
  }
  const dims = layout === 'NCHW' ? [images, channels, height, width] : [images, height, width, channels];
  const data =
    type === 'uint8'
      ? Uint8Array.from(values, Math.round)
      : type === 'float16'
        ? Uint16Array.from(values, toHalf)
        : values;
  const feeds: Record<string, Tensor> = { [name]: new Tensor(type, data as Float32Array, dims) };
  for (const other of config.otherInputs) {
    // Nothing reads it, and still it must be fed.
    const zeros = new (ZEROS[other.type] ?? Float32Array)(other.dims.reduce((a, b) => a * b, 1));
    feeds[other.name] = new Tensor(other.type as 'float32', zeros as Float32Array, other.dims);
  }
  const results = await session.run(feeds);
  return config.tasks.map(({ output, from, to }) => {
    const numbers = results[output]!.data as Float32Array | Uint16Array | BigInt64Array;
    const own = Array.from(numbers, Number).slice(from, to);
    // Half precision comes as its codes where Node has no numbers of that kind.
    return numbers instanceof Uint16Array ? own.map(fromHalf) : own;
  });
}

/** Ids of classes, labels or bins, or the value. */
function decide(task: Task, numbers: readonly number[]): number[] {
  if (task.gives === 'label' || task.type === 'continuous') return [...numbers];
  if (task.type === 'categorical') return [numbers.indexOf(Math.max(...numbers))];
  if (task.type === 'ordered') return [binOf(task, numbers)];
  return numbers.map((number, k) => (number >= (task.thresholds[k] ?? 0.5) ? 1 : 0));
}

function binOf({ bins }: Task, values: readonly number[]): number {
  return bins!.reduce((id, edges, k) => id * (edges.length + 1) + edges.filter((edge) => values[k]! >= edge).length, 0);
}

/** What labels say, as `decide` gives it; null where nothing is known. */
function truthOf(task: Task, row: Row): (number | null)[] {
  const cells = task.columns.map((column) => row[column] ?? null);
  if (task.type === 'multilabel' || task.type === 'continuous') return cells as (number | null)[];
  if (cells.includes(null)) return [null];
  if (task.type === 'ordered') return [binOf(task, cells as number[])];
  return [task.classes && typeof cells[0] === 'string' ? task.classes.indexOf(cells[0]) : Number(cells[0])];
}

function show(task: Task, decision: readonly number[]): string {
  const names = task.classes;
  if (task.type === 'continuous') return `${fixed(decision[0]!)}${task.unit ? ` ${task.unit}` : ''}`;
  if (task.type !== 'multilabel') return names?.[decision[0]!] ?? String(decision[0]);
  const found = decision.flatMap((yes, k) => (yes ? [names?.[k] ?? task.columns[k]!] : []));
  return found.length === 0 ? 'none' : found.join(' + ');
}

/** The share of right answers among those that are known, or the root of the mean squared error. */
function measure({ metric }: Task, pairs: readonly (readonly [number, number | null])[]): number {
  const known = pairs.filter((pair): pair is readonly [number, number] => pair[1] !== null);
  if (metric === 'accuracy') return known.filter(([answer, truth]) => answer === truth).length / known.length;
  let sum = 0;
  for (const [answer, truth] of known) sum += (truth - answer) ** 2;
  return Math.sqrt(sum / known.length);
}

const fixed = (value: number) => value.toFixed(4);

async function labelled(folder: string): Promise<Row[]> {
  const text = await readFile(join(folder, 'labels.jsonl'), 'utf8').catch(() => undefined);
  if (text !== undefined)
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row);
  const [task] = config.tasks;
  const rows: Row[] = [];
  for (const label of config.tasks.length === 1 ? (task!.classes ?? []) : []) {
    const files = await readdir(join(folder, label)).catch(() => []);
    rows.push(...files.sort().map((file) => ({ image: join(label, file), [task!.columns[0]!]: label })));
  }
  if (rows.length === 0) throw new Error(`${folder} has neither labels.jsonl nor a folder for each class`);
  return rows;
}

function toHalf(value: number): number {
  const [sign, size] = [value < 0 || Object.is(value, -0) ? 0x8000 : 0, Math.abs(value)];
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  const steps = size / step;
  const down = Math.floor(steps);
  const rounded = steps - down > 0.5 || (steps - down === 0.5 && down % 2 === 1) ? down + 1 : down;
  return sign | (rounded < 1024 ? rounded : (exponent + 14) * 1024 + rounded);
}

function fromHalf(code: number): number {
  const [sign, exponent, fraction] = [code & 0x8000 ? -1 : 1, (code >> 10) & 31, code & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) throw new Error('name pictures, or a folder with labels.jsonl');
if ((await stat(first)).isFile()) {
  for (const path of [first, ...rest]) {
    const numbers = await run(path);
    print(
      `${path}: ${config.tasks.map((task, i) => `${task.name} = ${show(task, decide(task, numbers[i]!))}`).join(', ')}`,
    );
  }
} else {
  const lines: string[] = [];
  const pairs = config.tasks.map((): (readonly [number, number | null])[] => []);
  for (const row of await labelled(first)) {
    const numbers = await run(join(first, String(row['image'])));
    const said = config.tasks.map((task, i) => {
      const decision = decide(task, numbers[i]!);
      const truth = truthOf(task, row);
      decision.forEach((answer, k) => pairs[i]!.push([answer, truth[k] ?? null]));
      return `${task.name} = ${show(task, decision)}`;
    });
    lines.push(`${row['image']}: ${said.join(', ')}`);
  }
  config.tasks.forEach((task, i) => {
    const known = pairs[i]!.some(([, truth]) => truth !== null);
    lines.push(`${task.metric} of ${task.name}: ${known ? fixed(measure(task, pairs[i]!)) : 'no labels'}`);
  });
  lines.forEach(print);
  const expected = await readFile(join(first, 'expected.json'), 'utf8').catch(() => undefined);
  if (expected !== undefined) {
    const same = JSON.stringify((JSON.parse(expected) as { lines: string[] }).lines) === JSON.stringify(lines);
    print(same ? 'as expected' : 'NOT as expected: see expected.json');
    if (!same) process.exitCode = 1;
  }
}
