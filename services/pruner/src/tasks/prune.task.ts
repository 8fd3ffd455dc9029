import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, inputSpec } from '@kneepoint/onnx';
import { foldMeans, prune } from '@kneepoint/pruning';
import { type Cell, type CharacteristicCurve, fitHead } from '@kneepoint/regression';
import { measureLatency, shapesOf, type TaskContext } from '@kneepoint/runtime';
import {
  type CompressionReport,
  type NetworkFigures,
  planCompression,
  type PruneInput,
  reportWarnings,
} from '@kneepoint/workflow';
import { describeModel } from '../describe-model.ts';
import { meansOfInputs } from '../input-means.ts';
import { testMetrics } from '../probe-data.ts';
import { proveSurgery } from '../prove-surgery.ts';
import { reportLayers, sizeOf } from '../report.ts';
import { type Images, runOver } from '../run-over.ts';
import { setHead } from '../set-head.ts';
import { type StartingPointInput, withStartingPoint } from '../starting-point.ts';

export interface PruneTaskInput extends StartingPointInput {
  readonly job: PruneInput;
  /** In graph order: the probe and the curve of each layer for the task. */
  readonly layers: readonly { readonly layer: string; readonly cell: Cell; readonly curvePath: string }[];
  readonly outFolder: string;
}

const STAGES = ['planning', 'proving', 'folding means', 'reading responses', 'measuring latency', 'writing'] as const;

/**
 * Paper §7 on one task: the best layer found, what follows removed, every remaining layer cut at its knee; proved; the removed
 * channels' means folded into biases; the head fitted again in closed form; sizes and latency measured before and after. Leaves
 * `pruned.onnx` and `report.json` in the folder.
 */
export default function pruneForTask(input: PruneTaskInput, context: TaskContext): Promise<CompressionReport> {
  const { job } = input;
  const { task, options } = job;
  const enter = (stage: (typeof STAGES)[number]): void =>
    context.progress({ done: STAGES.indexOf(stage), total: STAGES.length, unit: 'stages', message: stage });

  enter('planning');
  return withStartingPoint(input, options.layer, async (start) => {
    const { model, shapes, dataset, labels, parts, layer, probe, head } = start;
    const curves = new Map<string, CharacteristicCurve>();
    for (const { layer: name, curvePath } of input.layers) {
      curves.set(name, JSON.parse(await readFile(curvePath, 'utf8')) as CharacteristicCurve);
    }
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
    const { pruned, ...metric } = testMetrics(task, labels, parts, {
      scores: passed.scores,
      thresholds: probe.thresholds,
    });
    const origin = { layer, ...options };
    const finished = describeModel(setHead(folded, head.name, refit), { job, origin, thresholds: refit.thresholds });

    enter('measuring latency');
    const encoded = encodeModel(finished);
    const latency = await measureLatency(
      [
        { name: 'before', model },
        { name: 'after', model: encoded },
      ],
      { provider: context.provider, signal: context.signal },
    );
    const latencyOf = (name: string): NetworkFigures['latencyMs'] => {
      const { p50, p95 } = latency[name]!;
      return { p50, p95 };
    };

    enter('writing');
    const after = { ...sizeOf(finished, await shapesOf(finished)), latencyMs: latencyOf('after') };
    const found: Omit<CompressionReport, 'warnings'> = {
      task: task.name,
      epsilon: options.epsilon,
      bestLayer: layer,
      metric: { ...metric, probe: probe.metrics.test, pruned, refit: refit.metrics.test },
      before: { ...sizeOf(model, shapes), latencyMs: latencyOf('before') },
      after,
      layers: reportLayers(planned),
      proof,
      split: { by: parts.by, train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
      arms: [
        {
          arm: 'refit',
          metric: refit.metrics.test,
          validation: refit.metrics.validation,
          ...after,
          modelSha256: createHash('sha256').update(encoded).digest('hex'),
          epochs: null,
          bestEpoch: null,
          seconds: null,
          imagesPerSecond: null,
          history: [],
        },
      ],
      provider: passed.provider,
    };
    const report: CompressionReport = { ...found, warnings: reportWarnings(found) };
    await writeFile(join(input.outFolder, 'pruned.onnx'), encoded);
    await writeFile(join(input.outFolder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  });
}
