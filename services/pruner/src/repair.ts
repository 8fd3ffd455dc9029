import type { ModelProto } from '@kneepoint/onnx';
import { type Candidate, chooseCandidate, headInput, type Plan, prune } from '@kneepoint/pruning';
import { fitHead, type Head, linearScores, takeRows } from '@kneepoint/regression';
import type { CutRequest, PlannedCut } from '@kneepoint/workflow';
import { withCandidate } from '@kneepoint/workflow';
import { heal, type HealedLayer } from './healing/heal.ts';
import { type Images, type Passed, runOver } from './run-over.ts';
import type { HeadTask, StartingPoint } from './starting-point.ts';

/** A network cut by a plan, what it lost made up for in closed form. */
export interface Repaired {
  readonly planned: PlannedCut;
  /** N × targets: what the network says as it was cut, and healed. */
  readonly answers: { readonly cut: Float64Array; readonly healed: Float64Array };
  /** What is gone on with, the head as it was: every layer healed, or as it was cut. */
  readonly network: ModelProto;
  readonly healing: readonly HealedLayer[];
  /** That network over every image. */
  readonly passed: Passed;
  /** Heads fitted again, one for each task. */
  readonly refits: readonly Head[];
  /** Mean over tasks of the share of the labels' variance on validation that these heads leave unexplained. */
  readonly error: number;
}

export interface RepairRequest {
  readonly start: Pick<StartingPoint, 'parts' | 'tasks'>;
  readonly images: Images;
  /** Name of the node that is the head. */
  readonly head: string;
  readonly seed: number;
}

/**
 * Cuts and repairs by every plan that planning could not tell apart, and goes on with the one whose repaired network has the least error on
 * validation.
 */
export async function repairBest(
  planned: PlannedCut,
  request: CutRequest,
  scene: RepairRequest,
): Promise<Repaired & { readonly widths: Candidate['widths'] | null }> {
  const [first, ...others] = planned.candidates;
  if (!first || others.length === 0) return { ...(await repair(planned, scene)), widths: first?.widths ?? null };
  const candidates: readonly [Candidate, ...Candidate[]] = [first, ...others];
  const made: Repaired[] = [];
  for (const { plan } of candidates) made.push(await repair(withPlan(planned, plan, request), scene));
  const chosen = chooseCandidate(
    candidates,
    made.map(({ error }) => error),
  );
  return { ...made[candidates.indexOf(chosen)]!, widths: chosen.widths };
}

function withPlan(planned: PlannedCut, plan: Plan, request: CutRequest): PlannedCut {
  return plan === planned.plan ? planned : withCandidate(planned, plan, request);
}

async function repair(planned: PlannedCut, { start, images, head, seed }: RepairRequest): Promise<Repaired> {
  const { network, shapes, plan } = planned;
  const { parts, tasks } = start;
  const read = async (model: ModelProto) => {
    const passed = await runOver(model, headInput(model), images);
    const refits = tasks.map(({ spec, labels }) =>
      fitHead({ responses: passed.features, labels, task: spec, split: parts.split }),
    );
    return { passed, refits, error: validationError(start, passed, refits) };
  };
  const cut = prune(network, shapes, plan);
  const { model: healed, layers: healing } = await heal({ network, shapes, plan, cut, head, seed }, images, parts);
  const [asCut, asHealed] = [await read(cut), await read(healed)];
  const answers = { cut: asCut.passed.scores, healed: asHealed.passed.scores };
  if (asCut.error < CLEARLY * asHealed.error)
    return { planned, answers, network: cut, healing: leftAsCut(healing), ...asCut };
  return { planned, answers, network: healed, healing, ...asHealed };
}

/**
 * Healing brings back what the network did, which where it was never trained for the task need not be what a head reads best. It stays unless the
 * network as it was cut is better by more than this on validation.
 */
const CLEARLY = 0.95;

function leftAsCut(healing: readonly HealedLayer[]): readonly HealedLayer[] {
  const note = 'left as it was cut: the head reads the task better there';
  return healing.map((layer) => ({ ...layer, after: layer.before, ridge: null, note }));
}

function validationError(
  { tasks }: Pick<StartingPoint, 'tasks'>,
  { features }: Passed,
  refits: readonly Head[],
): number {
  const errors = tasks.map((task, i) => unexplained(task, features, refits[i]!));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

function unexplained({ spec, labels, parts }: HeadTask, features: Float32Array, { weights, bias }: Head): number {
  const targets = spec.targets.length;
  const rows = parts.validation;
  const scores = linearScores(features, rows, weights, bias);
  const truth = takeRows(labels, rows, targets);
  let [left, whole] = [0, 0];
  for (let target = 0; target < targets; target++) {
    let mean = 0;
    for (let at = target; at < truth.length; at += targets) mean += truth[at]! / rows.length;
    for (let at = target; at < truth.length; at += targets) {
      left += (truth[at]! - scores[at]!) ** 2;
      whole += (truth[at]! - mean) ** 2;
    }
  }
  return whole > 0 ? left / whole : left;
}
