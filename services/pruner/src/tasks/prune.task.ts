import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '@kneepoint/datasets';
import { encodeModel, inputSpec } from '@kneepoint/onnx';
import { foldMeans, prune } from '@kneepoint/pruning';
import { type Cell, type CharacteristicCurve, fitHead } from '@kneepoint/regression';
import { measureLatency, readModelFile, shapesOf, type TaskContext } from '@kneepoint/runtime';
import { type CompressionReport, planCompression, type PruneInput } from '@kneepoint/workflow';
import { describeModel } from '../describe-model.ts';
import { meansOfInputs } from '../input-means.ts';
import { bestLayer, readShards, splitParts, testMetrics } from '../probe-data.ts';
import { proveSurgery } from '../prove-surgery.ts';
import { reportLayers, sizeOf, warningsOf } from '../report.ts';
import { type Images, runOver } from '../run-over.ts';
import { setHead } from '../set-head.ts';

export interface PruneTaskInput {
  readonly job: PruneInput;
  /** In graph order: the probe and the curve of each layer for the task. */
  readonly layers: readonly { readonly layer: string; readonly cell: Cell; readonly curvePath: string }[];
  readonly modelPath: string;
  readonly archivePath: string;
  readonly shardPaths: readonly string[];
  readonly outFolder: string;
}

const STAGES = ['planning', 'proving', 'folding means', 'reading responses', 'measuring latency', 'writing'] as const;

/**
 * Paper §7 on one task: the best layer found, what follows removed, every remaining layer cut at its knee; proved; the removed
 * channels' means folded into biases; the head fitted again in closed form; sizes and latency measured before and after. Leaves
 * `pruned.onnx` and `report.json` in the folder.
 */
export default async function pruneForTask(input: PruneTaskInput, context: TaskContext): Promise<CompressionReport> {
  const { job } = input;
  const { task, options } = job;
  const enter = (stage: (typeof STAGES)[number]): void =>
    context.progress({ done: STAGES.indexOf(stage), total: STAGES.length, unit: 'stages', message: stage });

  enter('planning');
  const model = await readModelFile(input.modelPath);
  const shapes = await shapesOf(model);
  const dataset = await openDataset(input.archivePath);
  try {
    const labels = dataset.manifest.labels[task.name]!;
    const parts = splitParts(dataset.manifest, task, job.settings.seed);
    const layer = options.layer ?? bestLayer(input.layers);
    const channels = job.taps.find((tap) => tap.layer === layer)!.channels;
    const responses = await readShards(input.shardPaths, layer, dataset.manifest.images.length * channels);
    const probe = fitHead({ responses, labels, task, split: parts.split });
    const curves = new Map<string, CharacteristicCurve>();
    for (const { layer: name, curvePath } of input.layers) {
      curves.set(name, JSON.parse(await readFile(curvePath, 'utf8')) as CharacteristicCurve);
    }
    const head = { name: 'head', outputName: task.name, weights: probe.weights, bias: probe.bias };
    const planned = planCompression({ model, shapes, curves, layer, head, options });

    enter('proving');
    const images: Images = { dataset, spec: inputSpec(model), preprocess: job.preprocess, context };
    const proof = await proveSurgery(planned, images, { rows: parts.test, seed: job.settings.seed });

    enter('folding means');
    const cut = prune(planned.network, planned.shapes, planned.plan);
    const means = await meansOfInputs(planned, images, parts.train);
    const folded = foldMeans(cut, planned.network, planned.shapes, planned.plan, means);

    enter('reading responses');
    const passed = await runOver(folded, planned.tap.value, images);
    const refit = fitHead({ responses: passed.features, labels, task, split: parts.split });
    const metrics = testMetrics(task, labels, parts, { scores: passed.scores, thresholds: probe.thresholds });
    const finished = describeModel(setHead(folded, head.name, refit), { job, layer, thresholds: refit.thresholds });

    enter('measuring latency');
    const encoded = encodeModel(finished);
    const { before, after } = await measureLatency(
      [
        { name: 'before', model },
        { name: 'after', model: encoded },
      ],
      { provider: context.provider, signal: context.signal },
    );

    enter('writing');
    const report: CompressionReport = {
      task: task.name,
      epsilon: options.epsilon,
      bestLayer: layer,
      metric: { ...metrics, probe: probe.metrics.test, refit: refit.metrics.test },
      before: { ...sizeOf(model, shapes), latencyMs: { p50: before!.p50, p95: before!.p95 } },
      after: { ...sizeOf(finished, await shapesOf(finished)), latencyMs: { p50: after!.p50, p95: after!.p95 } },
      layers: reportLayers(planned),
      proof,
      split: { by: parts.by, train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
      provider: passed.provider,
      warnings: warningsOf(planned, { before: before!, after: after! }),
    };
    await writeFile(join(input.outFolder, 'pruned.onnx'), encoded);
    await writeFile(join(input.outFolder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  } finally {
    await dataset.close();
  }
}
