import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, inputSpec } from '@kneepoint/onnx';
import type { CharacteristicCurve } from '@kneepoint/regression';
import {
  type ActualProvider,
  declaredFile,
  deliver,
  machineFacts,
  measureDeclared,
  originalOf,
  resolveProvider,
  shapesOf,
  type TaskContext,
} from '@kneepoint/runtime';
import {
  type MeasuredResult,
  criterionOf,
  type CutRequest,
  jointStages,
  type KeptChannels,
  latencyFigures,
  type NetworkFigures,
  type PlannedCut,
  type PruneInput,
  type ReportTarget,
  reportWarnings,
  type TaskCurves,
  tasksName,
  wholeFigures,
} from '@kneepoint/workflow';
import { fixSize, sizesOfCut } from '../any-size.ts';
import { describeModel } from '../describe-model.ts';
import type { GatheredResult } from '../gather-analysis.ts';
import { keptAfter } from '../kept-channels.ts';
import { measureNetwork } from '../measure-network.ts';
import { networkToCut, type TrainedNetwork, worthLeft } from '../network-to-cut.ts';
import { type Planned, planNetwork } from '../plan-network.ts';
import { PreparedPixels } from '../prepared-pixels.ts';
import { proveSurgery } from '../prove-surgery.ts';
import { readability } from '../readability.ts';
import { repairBest } from '../repair.ts';
import { costsOfLayers, reportLayers, sizeOf } from '../report.ts';
import type { Images } from '../run-over.ts';
import { setHead } from '../set-head.ts';
import { namedImages, probedOriginal, refitArm, taskStages } from '../stages.ts';
import { sideBySide, type StartingPointInput, withStartingPoint } from '../starting-point.ts';

export interface PruneTaskInput extends StartingPointInput {
  readonly job: PruneInput;
  /** In graph order: the probe and the curve of each layer for each task, those to avoid too. */
  readonly layers: readonly {
    readonly layer: string;
    readonly results: readonly (Omit<GatheredResult, 'curveSha256'> & { readonly curvePath: string })[];
  }[];
  /** MACs of the network that this one is compared with. */
  readonly equalMacs?: number;
  /** What is cut in place of the registered model. */
  readonly trained?: TrainedNetwork;
  /** What is clearly wrong with what the network was fed. */
  readonly fed?: readonly string[];
  readonly outFolder: string;
  /** Id of the run that asks, as people meet it. */
  readonly run: string;
}

const STAGES = [...['ranking filters', 'planning', 'healing', 'proving', 'measuring latency', 'writing']] as const;

export interface PruneTaskOutput {
  readonly report: MeasuredResult;
  readonly kept: KeptChannels;
  /** Whether there is `declared.onnx`, too: the network as the original declares it. */
  readonly declared: boolean;
}

/**
 * Paper §7 for one task or several: the network up to the head's layer, or one that a training made of it, cut in every layer as ε or target
 * want it; what is left healed by least squares; the cut proved; the head fitted again in closed form; sizes and latency measured before and
 * after. Leaves `pruned.onnx`, where the original declares another form than the one that is worked on `declared.onnx`, and `report.json` in the folder.
 */
export default function pruneForTasks(input: PruneTaskInput, context: TaskContext): Promise<PruneTaskOutput> {
  const { job, equalMacs, trained } = input;
  const { options } = job;
  const { seed } = job.settings;
  const enter = (stage: (typeof STAGES)[number]): void =>
    context.progress({ done: STAGES.indexOf(stage), total: STAGES.length, unit: 'stages', message: stage });

  enter('ranking filters');
  const settled = { ...options, trained: job.round !== undefined };
  return withStartingPoint(input, settled, async (start) => {
    const { model, shapes, dataset, parts, layer, pool, tasks } = start;
    const prepared = new PreparedPixels();
    const whole = await networkToCut(start, trained);
    const { network, head } = whole;
    const images: Images = { dataset, spec: inputSpec(network), preprocess: job.preprocess, context, prepared };
    const curves = await readCurves(input, job.tasks);
    const read = { network, shapes: whole.shapes, tasks, images, rows: parts.train, options, equalMacs, seed };
    const { measured, rotated, unrotated, ...known } = await measureNetwork(read);

    enter('planning');
    const request: CutRequest = {
      ...{ shapes: whole.shapes, head, layer, options, seed, whole: wholeFigures(model, shapes), ...known },
      measured: measured ?? worthLeft(curves, whole, { layer, options, trained: trained !== undefined }),
      tasks: trained ? [] : curves,
      avoided: trained ? [] : await readCurves(input, job.avoided ?? []),
      // What the key of the step names, whatever this machine has.
      provider: job.provider === 'auto' ? await resolveProvider(context.provider) : (job.provider ?? 'cpu'),
      ...(equalMacs === undefined ? {} : { equalMacs }),
    };
    const { planned: plan, timed } = await planNetwork(request, { model, context });

    enter('healing');
    const repaired = await repairBest(plan, request, { start, images, head, seed });
    const { planned, network: left, passed, refits } = repaired;

    enter('proving');
    const proof = await proveSurgery(planned, images, { rows: parts.test, seed });

    const stages = taskStages(start, repaired);
    const avoidance = readability(
      dataset.manifest,
      { wanted: job.tasks, avoided: job.avoided ?? [] },
      { before: await start.headResponses(), after: passed.features },
      seed,
    );
    const sizes = await sizesOfCut(planned, seed);
    const finished = describeModel(setHead(left, head, sideBySide(refits)), {
      job,
      origin: { ...options, layer, pool },
      thresholds: refits.map(({ thresholds }) => thresholds),
      metrics: stages.map(({ task, name, refit }) => ({ task, metric: name, test: refit })),
    });
    const sizeNote = fixSize(finished, sizes);
    const written = await deliver(finished, { levels: job.preprocess });

    const probed = probedOriginal(start, await start.headResponses(), stages);

    enter('measuring latency');
    const encoded = encodeModel(finished);
    const delivered = written.model === finished ? encoded : encodeModel(written.model);
    const original = await originalOf(model);
    const times = await measureDeclared(
      [declaredFile('before', model, original), declaredFile('after', finished, written.model)],
      { provider: context.provider, signal: context.signal },
    );
    const latencyOf = (name: string): NetworkFigures['latencyMs'] => {
      const { p50, p95 } = times[name]!;
      return { p50, p95 };
    };

    enter('writing');
    const before = {
      ...sizeOf(model, shapes),
      ...(original === model ? {} : { bytes: encodeModel(original).byteLength }),
      latencyMs: latencyOf('before'),
    };
    const figures = sizeOf(finished, await shapesOf(finished));
    const after = { ...figures, bytes: delivered.byteLength, latencyMs: latencyOf('after') };
    const kept = keptAfter(planned.analysis, planned.plan, { before: whole.kept, rotated });
    const found: Omit<MeasuredResult, 'warnings'> = {
      task: tasksName(job.tasks),
      epsilon: options.epsilon ?? null,
      target: reportTarget(planned, { before, after }, options.target, timed),
      criterion: criterionOf(options),
      decide: options.decide ?? 'union',
      widths: repaired.widths,
      damageBy: known.statistics?.metric ?? null,
      ...(unrotated.size === 0 ? {} : { unrotated: [...unrotated].sort() }),
      ...(input.fed?.length ? { fed: input.fed } : {}),
      bestLayer: layer,
      pool,
      metric: jointStages(stages),
      tasks: stages,
      original: probed,
      images: namedImages(probed, dataset.manifest),
      before,
      after,
      layers: reportLayers(repaired, kept, costsOfLayers(start)),
      proof,
      split: {
        by: parts.by,
        train: parts.train.length,
        validation: parts.validation.length,
        test: parts.test.length,
        shared: start.sharedSplit,
        ...(parts.given === undefined ? {} : { given: parts.given }),
      },
      keep: null,
      rounds: [],
      arms: [
        refitArm(start, stages, repaired, {
          figures: after,
          sha256: createHash('sha256').update(delivered).digest('hex'),
        }),
      ],
      criteria: [],
      avoidance,
      measured: {
        run: input.run,
        at: new Date().toISOString(),
        provider: passed.provider satisfies ActualProvider,
        machine: machineFacts(),
      },
    };
    const report: MeasuredResult = { ...found, warnings: [...reportWarnings(found), ...sizeNote, ...written.notes] };
    await writeFile(join(input.outFolder, 'pruned.onnx'), encoded);
    const declared = delivered !== encoded;
    if (declared) await writeFile(join(input.outFolder, 'declared.onnx'), delivered);
    await writeFile(join(input.outFolder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    return { report, kept, declared };
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
    if (!timed) return { target, ...latencyFigures(target, { timed: { before: whole, after: left }, whole, left }) };
    // Of the plan that went on, which need not be the one that the search found first.
    const own = timed.byPlan.get(planned.plan) ?? timed;
    const { forecast, after: measured } = own;
    const figures = latencyFigures(target, { timed: own, whole, left });
    return { target, ...figures, search: { forecast, measured, networks: timed.networks } };
  }
  return {
    target,
    atMost: 'remove' in target ? (1 - target.remove) * planned.before[kind] : target.atMost,
    before: planned.before[kind],
    planned: planned.after[kind],
    reached: kind === 'bytes' ? planned.after.bytes : after[kind],
  };
}
