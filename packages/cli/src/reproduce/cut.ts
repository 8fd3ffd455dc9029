import {
  BenchmarkDocument,
  KneepointError,
  LaunchBenchmarkDocument,
  type LaunchCompressionInput,
} from '@kneepoint/client';
import { type AgnosticResult, type CutFigures, type CutResult, SEED, type SmallResult } from '@kneepoint/reproduction';
import type { ReportResult } from '@kneepoint/workflow';
import { launch } from '../client/launch.ts';
import { follow, reportOf } from '../client/runs.ts';
import { compress } from '../commands/compress.ts';
import { prune } from '../commands/prune.ts';
import { note } from '../output.ts';
import { finetune } from './finetune.ts';
import { detailsOf, type Lab, type Subject, type Subjects } from './lab.ts';

/** The paper's rule at some ε, with what it is compared with (Fig. 9, Table 2), and today's damage at the same multiply-accumulates. */
export async function cutByRule(
  lab: Lab,
  subjects: Subjects,
  subject: Subject,
  task: string,
  epsilons = lab.profile.epsilons,
): Promise<readonly CutResult[]> {
  const results = await cut(lab, subjects, subject, {
    ...{ plan: { task, criterion: 'LASSO' }, epsilons: [...epsilons], compare: ['DAMAGE'] },
    // The paper knows no teacher.
    ...{ arms: ['FINETUNED', 'SCRATCH', 'UNPRUNED'], teacher: false },
  });
  return results.map((result) => ({ network: subject.figures.name, result: figuresOf(result) }));
}

/** Images at a time, as where many are to be answered: one alone takes a tiny network hardly longer than the call. */
const BATCH = 32;
/** Networks of others may take no more. */
const OWN_BATCH = 1;

/**
 * A network of few multiply-accumulates, cut at once and trained on, beside the whole one with a new head; null where so few are none.
 * Nobody finetunes the whole network, which rounds would begin with: the wide one takes longer for that than all else together.
 */
export async function cutSmall(
  lab: Lab,
  { dataset }: Subjects,
  subject: Subject,
  task: string,
): Promise<SmallResult | null> {
  const { connection, profile, signal } = lab;
  try {
    const targets = [{ kind: 'MACS' as const, remove: profile.smallShare }];
    const request = { model: subject.model, dataset, plan: { task }, targets, run: detailsOf(lab) };
    const { made } = await prune(connection.client, request, signal);
    const cut = reportOf(made).results[0]!;
    const heads = [];
    for (const layer of new Set([subject.layers.at(-1)!, cut.bestLayer])) {
      heads.push(await finetune(lab, dataset, { from: subject, task, mode: 'HEAD', layer }));
    }
    const training = profile.smallEpochs === null ? {} : { epochs: profile.smallEpochs };
    const { sha256: artifact } = made.networks[0]!.model;
    const trained = await finetune(lab, dataset, { from: { ...subject, artifact }, task, mode: 'WHOLE', training });
    const [found, ...others] = heads.map(({ results }) => results[0]!.test);
    const best = cut.metric.higherIsBetter ? Math.max : Math.min;
    return {
      ...{ network: subject.figures.name, result: figuresOf(cut) },
      ...{ head: best(found!, ...others), finetuned: trained.results[0]!.test },
      throughput: await timeBeside(lab, subject, trained.model!.sha256),
    };
  } catch (error) {
    if (!(error instanceof KneepointError) || error.code !== 'PLAN_TARGET_UNREACHABLE') throw error;
    note(`no small network for ${task}: ${error.message}`);
    return null;
  }
}

async function timeBeside(lab: Lab, { model }: Subject, artifact: string): Promise<SmallResult['throughput']> {
  const { client } = lab.connection;
  const batchOf = lab.profile.name === 'own' ? OWN_BATCH : BATCH;
  const input = { models: [model], artifacts: [artifact], batch: batchOf, run: detailsOf(lab) };
  const { run } = await launch(client, LaunchBenchmarkDocument, input);
  const { id } = await follow(client, run, 'time networks', lab.signal);
  const { batch, networks } = (await client.query(BenchmarkDocument, { id })).run!.benchmark!;
  const [before, after] = networks as readonly [(typeof networks)[number], (typeof networks)[number]];
  return { batch, before: before.imagesPerSecond, after: after.imagesPerSecond };
}

/** Filters that tell who it is are taken out of the identity network; what can still be read is measured. */
export async function makeAgnostic(
  lab: Lab,
  { dataset }: Subjects,
  subject: Subject,
  { task: wanted, avoided }: { readonly task: string; readonly avoided: string },
): Promise<AgnosticResult> {
  const { client } = lab.connection;
  const plan = { task: wanted, avoidTasks: [avoided] };
  const { made } = await prune(
    client,
    { model: subject.model, dataset, plan, epsilons: [0.01], run: detailsOf(lab) },
    lab.signal,
  );
  const result = reportOf(made).results[0]!;
  const tasks = result.avoidance!.tasks.map(({ task, role, before, after, chance, name, higherIsBetter }) => {
    return { task, role, before, after, chance, metric: name, higherIsBetter };
  });
  return { network: subject.figures.name, result: figuresOf(result), tasks };
}

async function cut(
  lab: Lab,
  { dataset }: Subjects,
  { model }: Subject,
  input: Omit<LaunchCompressionInput, 'model' | 'dataset' | 'training' | 'run'>,
): Promise<readonly ReportResult[]> {
  const { connection, profile, signal } = lab;
  const training = { epochs: profile.satelliteEpochs, seed: SEED };
  const request = { ...input, model, dataset, training, run: detailsOf(lab) };
  const { made } = await compress(connection.client, request, signal);
  return reportOf(made).results;
}

function figuresOf(result: ReportResult): CutFigures {
  const { label, task, epsilon, criterion, bestLayer, metric, before, after, layers, criteria, arms } = result;
  return {
    ...{ label, task, epsilon, criterion, bestLayer, metric, before, after, layers, criteria },
    arms: arms.map((arm) => {
      const { parameters, macs, bytes, latencyMs, epochs, seconds } = arm;
      return {
        arm: arm.arm,
        metric: arm.metric,
        validation: arm.validation,
        parameters,
        macs,
        bytes,
        latencyMs,
        epochs,
        seconds,
      };
    }),
  };
}
