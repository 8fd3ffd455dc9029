/** One step of bench/healing/run.ts, in a process of its own: step.ts damage|heal DATASET. Answers with one line of JSON. */
import { tmpdir } from 'node:os';
import { openDataset } from '@kneepoint/datasets';
import { inputSpec, vgg16 } from '@kneepoint/onnx';
import { analyzeChannels, l1Plan, prune } from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import { shapesOf } from '@kneepoint/runtime';
import { measureDamage } from '../../services/pruner/src/damage.ts';
import { heal } from '../../services/pruner/src/healing/heal.ts';
import type { Images } from '../../services/pruner/src/run-over.ts';

export type HealingStep = 'damage' | 'heal';

export interface StepFigures {
  readonly seconds: number;
  /** Most bytes that were resident, the network and everything else included. */
  readonly resident: number;
  readonly note: string;
}

const CLASSES = 10;
/** Of every layer's filters: leaves a fifth of the MACs. */
const REMOVED = 0.555;
/** Last so many images of a hundred are for validation. */
const VALIDATION = 15;

const [, , step, file] = process.argv;
const dataset = await openDataset(file!);
const network = vgg16({ size: 224, seed: 1, classes: CLASSES });
const shapes = await shapesOf(network);
const analysis = analyzeChannels(network, shapes);
const images: Images = {
  dataset,
  spec: inputSpec(network),
  preprocess: { channels: 'rgb', range: [0, 1], mean: [0.45], std: [0.23] },
  context: {
    provider: 'cpu',
    signal: new AbortController().signal,
    tempDir: tmpdir(),
    emit: () => Promise.resolve(),
    progress: ({ done, total, message }) => {
      process.stderr.write(`${seconds().toFixed(0)} s ${message} ${done}/${total}\n`);
    },
  },
};
const count = dataset.manifest.images.length;
const first = Math.round(count * (1 - VALIDATION / 100));
const rows = Int32Array.from({ length: count }, (_, row) => row);
const started = performance.now();
const note = step === 'heal' ? await healed() : await damaged();
const figures: StepFigures = { seconds: seconds(), resident: process.resourceUsage().maxRSS * 1024, note };
await dataset.close();
console.log(JSON.stringify(figures));

async function healed(): Promise<string> {
  const plan = l1Plan(network, analysis, REMOVED);
  const cut = prune(network, shapes, plan);
  const parts = { train: rows.subarray(0, first), validation: rows.subarray(first) };
  const { layers } = await heal({ network, shapes, plan, cut, head: 'fc8' }, images, parts);
  const missed = layers.map(({ layer, unknowns, before, after }) => {
    return `${layer} ${unknowns} ${(100 * before).toFixed(0)} → ${(100 * after).toFixed(0)} %`;
  });
  return `${(plan.after.macs / plan.before.macs).toFixed(3)} of the MACs; layer, unknowns, missed: ${missed.join(', ')}`;
}

async function damaged(): Promise<string> {
  const classes = Array.from({ length: CLASSES }, (_, i) => `class ${i}`);
  const spec: TaskSpec = { name: 'label', type: 'categorical', targets: classes, classes };
  const { parts, metric } = await measureDamage({
    network,
    analysis,
    images,
    rows: rows.subarray(0, first),
    seed: 1,
    tasks: [{ spec, from: 0 }],
  });
  return `${metric}, ${parts.length} places of ${Math.max(...parts.map(({ classes }) => classes.length))} channels at most`;
}

function seconds(): number {
  return (performance.now() - started) / 1000;
}
