import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage, type Preprocess } from '@kneepoint/datasets';
import { decodeModel } from '@kneepoint/onnx';
import { KINDS, METRICS } from '@kneepoint/regression';
import { openSession, readModelFile } from '@kneepoint/runtime';
import { floats, proveAnswers } from '../answers/prove-answers.ts';
import { feedsOf, type ImageInput } from '../network/image-input.ts';
import { networkFacts } from '../network/network-facts.ts';
import { type ConfigTask, configOf } from '../package/config.ts';

export interface ExpectTaskInput {
  /** The network as it is packaged. */
  readonly path: string;
  /** The same with raw scores, where the other has its answers in the graph: proved on the images. */
  readonly rawPath?: string;
  readonly folder: string;
  readonly images: readonly { readonly file: string; readonly labels: readonly Float64Array[] }[];
}

export interface Expected {
  /** What sample code prints, line by line. */
  readonly lines: readonly string[];
  readonly images: readonly { readonly image: string; readonly answers: Readonly<Record<string, readonly number[]>> }[];
  readonly metrics: readonly { readonly task: string; readonly metric: string; readonly value: number | null }[];
}

/** What the network says of the images of a package, and the report's metric over just those, as the product reads and judges them. */
export default async function expectAnswers({ path, rawPath, folder, images }: ExpectTaskInput): Promise<Expected> {
  const model = await readModelFile(path);
  const raw = rawPath === undefined ? model : await readModelFile(rawPath);
  const { preprocess, tasks: specs, thresholds } = networkFacts(raw);
  const { input, tasks } = configOf(model, '');
  const feeds = await Promise.all(
    images.map(async ({ file }) => feedsOf(model, input, await planesOf(join(folder, file), preprocess, input))),
  );
  if (raw !== model) await proveAnswers(raw, model, feeds);
  const session = await openSession(decodeModel(await readFile(path)));
  try {
    const said: (readonly number[])[][] = [];
    for (const feed of feeds) {
      const results = await session.run(feed);
      said.push(
        tasks.map(({ output, from, to }) => {
          const { data } = results[output]!;
          const numbers =
            data instanceof BigInt64Array ? Array.from(data, Number) : Array.from(floats(results[output]!));
          return numbers.slice(from, to);
        }),
      );
    }
    const decided = said.map((numbers) => tasks.map((task, i) => decide(task, numbers[i]!, specs[i]!, thresholds[i]!)));
    const measured = (i: number, rows: readonly number[]): number => {
      const spec = specs[i]!;
      const labels = Float64Array.from(rows.flatMap((row) => [...images[row]!.labels[i]!]));
      const kind = KINDS[spec.type];
      const decision = Float64Array.from(rows.flatMap((row) => decided[row]![i]!));
      return METRICS[kind.metric].measure({
        ...{ rows: rows.length, targets: spec.targets.length, columns: kind.columns(spec), labels, decision },
        // Of classes and bins the decision alone counts.
        scores: decision,
        truth: kind.decide(
          labels,
          spec,
          spec.targets.map(() => 0.5),
        ),
      });
    };
    const metrics = tasks.map((task, i) => {
      const rows = images.flatMap(({ labels }, row) => {
        const own = labels[i]!;
        const known = KINDS[task.type].partial ? !own.every(Number.isNaN) : !own.some(Number.isNaN);
        return known ? [row] : [];
      });
      return { task: task.name, metric: task.metric, value: rows.length === 0 ? null : measured(i, rows) };
    });
    const lines = images.map(({ file }, row) => {
      const answers = tasks.map((task, i) => `${task.name} = ${show(task, decided[row]![i]!)}`);
      return `${file}: ${answers.join(', ')}`;
    });
    lines.push(
      ...metrics.map(
        ({ task, metric, value }) => `${metric} of ${task}: ${value === null ? 'no labels' : value.toFixed(4)}`,
      ),
    );
    return {
      lines,
      images: images.map(({ file }, row) => ({
        image: file,
        answers: Object.fromEntries(tasks.map(({ name }, i) => [name, said[row]![i]!])),
      })),
      metrics,
    };
  } finally {
    await session.release();
  }
}

/** One image, as many times as the network takes at once. */
async function planesOf(path: string, preprocess: Preprocess, input: ImageInput): Promise<Float32Array> {
  const size = input.channels * input.height * input.width;
  const planes = new Float32Array((input.batch ?? 1) * size);
  await decodeImage(await readFile(path), preprocess, input, planes, 0, path);
  for (let i = 1; i < (input.batch ?? 1); i++) planes.copyWithin(i * size, 0, size);
  return planes;
}

type Spec = ReturnType<typeof networkFacts>['tasks'][number];

/** Ids of classes, labels or bins, or the value. */
function decide(
  { gives, thresholds: own }: ConfigTask,
  numbers: readonly number[],
  spec: Spec,
  thresholds: readonly number[],
): readonly number[] {
  if (gives === 'label') return numbers;
  return [...KINDS[spec.type].decide(Float64Array.from(numbers), spec, gives === 'probability' ? own : thresholds)];
}

function show({ type, classes, columns, unit }: ConfigTask, decided: readonly number[]): string {
  const [first] = decided;
  if (type === 'continuous') return `${first!.toFixed(4)}${unit ? ` ${unit}` : ''}`;
  if (type !== 'multilabel') return classes?.[first!] ?? String(first);
  const names = decided.flatMap((yes, k) => (yes ? [classes?.[k] ?? columns[k]!] : []));
  return names.length === 0 ? 'none' : names.join(' + ');
}
