import { KneepointError, type LaunchCompressionInput } from '@kneepoint/client';
import { type AgnosticResult, type CutFigures, type CutResult, SEED } from '@kneepoint/reproduction';
import type { ReportResult } from '@kneepoint/workflow';
import { reportOf } from '../client/runs.ts';
import { compress } from '../commands/compress.ts';
import { prune } from '../commands/prune.ts';
import { note } from '../output.ts';
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
  return results.map((result) => ({ network: subject.figures.name, result }));
}

/** A network with few parameters left, to be set beside the whole one with a new head; null where so few are none. */
export async function cutSmall(
  lab: Lab,
  subjects: Subjects,
  subject: Subject,
  task: string,
): Promise<CutResult | null> {
  try {
    const [result] = await cut(lab, subjects, subject, {
      ...{ plan: { task }, targets: [{ kind: 'PARAMETERS', remove: lab.profile.smallShare }] },
      arms: ['FINETUNED', 'UNPRUNED'],
    });
    return { network: subject.figures.name, result: result! };
  } catch (error) {
    if (!(error instanceof KneepointError) || error.code !== 'PLAN_TARGET_UNREACHABLE') throw error;
    note(`no small network for ${task}: ${error.message}`);
    return null;
  }
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
): Promise<readonly CutFigures[]> {
  const { connection, profile, signal } = lab;
  const training = { epochs: profile.satelliteEpochs, seed: SEED };
  const request = { ...input, model, dataset, training, run: detailsOf(lab) };
  const { made } = await compress(connection.client, request, signal);
  return reportOf(made).results.map(figuresOf);
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
