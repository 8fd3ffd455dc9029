import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, inputSpec } from '@kneepoint/onnx';
import { headInput, prune } from '@kneepoint/pruning';
import { type CharacteristicCurve, fitHead, type Head } from '@kneepoint/regression';
import { type ActualProvider, measureLatency, shapesOf, type TaskContext } from '@kneepoint/runtime';
import {
  type CompressionReport,
  criterionOf,
  type CutRequest,
  jointMetric,
  jointStages,
  latencyFigures,
  type NetworkFigures,
  type PlannedCut,
  type PruneInput,
  type ReportTarget,
  reportWarnings,
  type TaskCurves,
  tasksName,
  type TaskStages,
  truncateAt,
  wholeFigures,
} from '@kneepoint/workflow';
import { describeModel } from '../describe-model.ts';
import type { GatheredResult } from '../gather-analysis.ts';
import { heal } from '../healing/heal.ts';
import { measureNetwork } from '../measure-network.ts';
import { type Planned, planNetwork } from '../plan-network.ts';
import { columnsOf, testMetrics } from '../probe-data.ts';
import { proveSurgery } from '../prove-surgery.ts';
import { readability } from '../readability.ts';
import { reportLayers, sizeOf } from '../report.ts';
import { type Images, type Passed, runOver } from '../run-over.ts';
import { setHead } from '../set-head.ts';
import { sideBySide, type StartingPoint, type StartingPointInput, withStartingPoint } from '../starting-point.ts';

export interface PruneTaskInput extends StartingPointInput {
  readonly job: PruneInput;
  /** In graph order: the probe and the curve of each layer for each task, those to avoid too. */
  readonly layers: readonly {
    readonly layer: string;
    readonly results: readonly (Omit<GatheredResult, 'curveSha256'> & { readonly curvePath: string })[];
  }[];
  /** MACs of the network that this one is compared with. */
  readonly equalMacs?: number;
  readonly outFolder: string;
}

const STAGES = [
  ...['ranking filters', 'planning', 'proving', 'healing', 'reading responses', 'measuring latency', 'writing'],
] as const;

/**
 * Paper §7 for one task or several: the head's layer found, what follows removed, every remaining layer cut as ε or target want it; proved;
 * what is left healed by least squares; the head fitted again in closed form; sizes and latency measured before and after. Leaves
 * `pruned.onnx` and `report.json` in the folder.
 */
export default function pruneForTasks(input: PruneTaskInput, context: TaskContext): Promise<CompressionReport> {
  const { job } = input;
  const { options } = job;
  const enter = (stage: (typeof STAGES)[number]): void =>
    context.progress({ done: STAGES.indexOf(stage), total: STAGES.length, unit: 'stages', message: stage });

  enter('ranking filters');
  return withStartingPoint(input, options, async (start) => {
    const { model, shapes, dataset, parts, layer, pool, tasks, head } = start;
    const images: Images = { dataset, spec: inputSpec(model), preprocess: job.preprocess, context };
    const { equalMacs } = input;
    const truncated = truncateAt(start);
    const { seed } = job.settings;
    const measured = await measureNetwork({ ...truncated, tasks, images, rows: parts.train, options, equalMacs, seed });

    enter('planning');
    const request: CutRequest = {
      ...{ ...truncated, ...measured, layer, head: head.name, options, seed, whole: wholeFigures(model, shapes) },
      tasks: await readCurves(input, job.tasks),
      avoided: await readCurves(input, job.avoided ?? []),
      provider: context.provider,
      ...(equalMacs === undefined ? {} : { equalMacs }),
    };
    const { planned, timed } = await planNetwork(request, { model, context });

    enter('proving');
    const proof = await proveSurgery(planned, images, { rows: parts.test, seed: job.settings.seed });

    enter('healing');
    const { network, plan } = planned;
    const cut = prune(network, planned.shapes, plan);
    const whole = { network, shapes: planned.shapes, plan };
    const { model: healed } = await heal({ ...whole, cut, head: head.name, seed }, images, parts);

    enter('reading responses');
    const passed = await runOver(healed, headInput(healed), images);
    const refits = tasks.map(({ spec, labels }) =>
      fitHead({ responses: passed.features, labels, task: spec, split: parts.split }),
    );
    const stages = taskStages(start, passed, refits);
    const avoidance = readability(
      dataset.manifest,
      { wanted: job.tasks, avoided: job.avoided ?? [] },
      { before: await start.headResponses(), after: passed.features },
      job.settings.seed,
    );
    const finished = describeModel(setHead(healed, head.name, sideBySide(refits)), {
      job,
      origin: { ...options, layer, pool },
      thresholds: refits.map(({ thresholds }) => thresholds),
    });

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
    const before = { ...sizeOf(model, shapes), latencyMs: latencyOf('before') };
    const after = { ...sizeOf(finished, await shapesOf(finished)), latencyMs: latencyOf('after') };
    const found: Omit<CompressionReport, 'warnings'> = {
      task: tasksName(job.tasks),
      epsilon: options.epsilon ?? null,
      target: reportTarget(planned, { before, after }, options.target, timed),
      criterion: criterionOf(options),
      decide: options.decide ?? 'union',
      bestLayer: layer,
      pool,
      metric: jointStages(stages),
      tasks: stages,
      before,
      after,
      layers: reportLayers(planned),
      proof,
      split: {
        by: parts.by,
        train: parts.train.length,
        validation: parts.validation.length,
        test: parts.test.length,
        shared: start.sharedSplit,
      },
      arms: [refitArm(stages, refits, after, createHash('sha256').update(encoded).digest('hex'))],
      criteria: [],
      avoidance,
      provider: passed.provider satisfies ActualProvider,
    };
    const report: CompressionReport = { ...found, warnings: reportWarnings(found) };
    await writeFile(join(input.outFolder, 'pruned.onnx'), encoded);
    await writeFile(join(input.outFolder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  });
}

async function readCurves(
  { layers }: Pick<PruneTaskInput, 'layers'>,
  tasks: PruneInput['tasks'],
): Promise<readonly TaskCurves[]> {
  return Promise.all(
    tasks.map(async ({ name }) => {
      const curves = await Promise.all(
        layers.map(async ({ layer, results }): Promise<[string, CharacteristicCurve]> => {
          const { curvePath } = results.find(({ task }) => task === name)!;
          return [layer, JSON.parse(await readFile(curvePath, 'utf8')) as CharacteristicCurve];
        }),
      );
      return { task: name, curves: new Map(curves) };
    }),
  );
}

/** Every task's metric before the cut, after it, and with its head fitted again. */
function taskStages({ tasks, head }: StartingPoint, passed: Passed, refits: readonly Head[]): readonly TaskStages[] {
  const width = head.bias.length;
  return tasks.map((task, i): TaskStages => {
    const { spec, parts, probe, from } = task;
    const refit = refits[i]!;
    const scores = columnsOf(passed.scores, width, from, spec.targets.length);
    const { pruned, ...metric } = testMetrics(task, parts, { scores, thresholds: probe.thresholds });
    return {
      task: spec.name,
      ...metric,
      probe: probe.metrics.test,
      pruned,
      refit: refit.metrics.test,
    };
  });
}

function refitArm(
  stages: readonly TaskStages[],
  refits: readonly Head[],
  after: NetworkFigures,
  modelSha256: string,
): CompressionReport['arms'][number] {
  const tasks = stages.map(({ task, refit }, i) => ({
    task,
    metric: refit,
    validation: refits[i]!.metrics.validation,
  }));
  const joint = (value: 'metric' | 'validation'): number =>
    jointMetric(tasks.map((task, i) => ({ value: task[value], scale: stages[i]! })));
  return {
    arm: 'refit',
    metric: joint('metric'),
    validation: joint('validation'),
    tasks,
    ...after,
    modelSha256,
    epochs: null,
    bestEpoch: null,
    seconds: null,
    imagesPerSecond: null,
    history: [],
  };
}

/** What was asked of the size and what came of it; null where an ε decided. */
function reportTarget(
  planned: PlannedCut,
  { before, after }: { readonly before: NetworkFigures; readonly after: NetworkFigures },
  target: PruneInput['options']['target'],
  timed: Planned['timed'],
): ReportTarget | null {
  if (!target) return null;
  const { kind } = target;
  if (kind === 'latency') {
    const [whole, left] = [before.latencyMs.p50, after.latencyMs.p50];
    return { target, ...latencyFigures(target, { timed: timed ?? { before: whole, after: left }, whole, left }) };
  }
  return {
    target,
    atMost: 'remove' in target ? (1 - target.remove) * planned.before[kind] : target.atMost,
    before: planned.before[kind],
    planned: planned.after[kind],
    reached: kind === 'bytes' ? planned.after.bytes : after[kind],
  };
}
