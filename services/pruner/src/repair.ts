import type { ModelProto } from '@kneepoint/onnx';
import { type Candidate, chooseCandidate, headInput, type Plan, prune } from '@kneepoint/pruning';
import { fitHead, type Head, linearScores, takeRows } from '@kneepoint/regression';
import type { CutRequest, PlannedCut } from '@kneepoint/workflow';
import { withCandidate } from '@kneepoint/workflow';
import { type Healed, healAll } from './healing/heal.ts';
import type { HealedLayer } from './healing/healed-layer.ts';
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
  /** Layers that read what has changed and are as they were cut, and why. */
  readonly left: readonly { readonly layer: string; readonly reason: string }[];
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
 * Cuts and heals by every plan that planning could not tell apart, and goes on with the one whose healed network has the least error on
 * validation.
 */
export async function repairBest(
  planned: PlannedCut,
  request: CutRequest,
  scene: RepairRequest,
): Promise<Repaired & { readonly widths: Candidate['widths'] | null }> {
  const [first, ...others] = planned.candidates;
  if (!first || others.length === 0) {
    const [only] = await healAndRead([planned], scene);
    return { ...(await repaired(only!, scene)), widths: first?.widths ?? null };
  }
  const candidates: readonly [Candidate, ...Candidate[]] = [first, ...others];
  const made = await healAndRead(
    candidates.map(({ plan }) => withPlan(planned, plan, request)),
    scene,
  );
  const chosen = chooseCandidate(
    candidates,
    made.map(({ asHealed }) => asHealed.error),
  );
  return { ...(await repaired(made[candidates.indexOf(chosen)]!, scene)), widths: chosen.widths };
}

function withPlan(planned: PlannedCut, plan: Plan, request: CutRequest): PlannedCut {
  return plan === planned.plan ? planned : withCandidate(planned, plan, request);
}

/** A network over every image, with what fits what it says. */
type Read = Pick<Repaired, 'passed' | 'refits' | 'error'>;

interface HealedCut {
  readonly planned: PlannedCut;
  readonly cut: ModelProto;
  readonly healed: Healed;
  readonly asHealed: Read;
}

/** Cuts of one network. */
async function healAndRead(cuts: readonly PlannedCut[], scene: RepairRequest): Promise<HealedCut[]> {
  const { start, images, head, seed } = scene;
  const requests = cuts.map(({ network, shapes, plan }) => {
    return { network, shapes, plan, head, cut: prune(network, shapes, plan) };
  });
  const all = await healAll(requests, { seed }, images, start.parts);
  const made: HealedCut[] = [];
  for (const [i, healed] of all.entries()) {
    made.push({
      ...{ planned: cuts[i]!, cut: requests[i]!.cut, healed },
      asHealed: await read(healed.model, scene),
    });
  }
  return made;
}

async function read(model: ModelProto, { start, images }: RepairRequest): Promise<Read> {
  const passed = await runOver(model, headInput(model), images);
  const refits = start.tasks.map(({ spec, labels }) =>
    fitHead({ responses: passed.features, labels, task: spec, split: start.parts.split }),
  );
  return { passed, refits, error: validationError(start, passed, refits) };
}

async function repaired({ planned, cut, healed, asHealed }: HealedCut, scene: RepairRequest): Promise<Repaired> {
  const { model, layers: healing, left } = healed;
  const asCut = await read(cut, scene);
  const answers = { cut: asCut.passed.scores, healed: asHealed.passed.scores };
  return asCut.error < CLEARLY * asHealed.error
    ? { planned, answers, network: cut, healing: [], left: [...left, ...asTheyWere(healing)], ...asCut }
    : { planned, answers, network: model, healing, left, ...asHealed };
}

/**
 * Healing brings back what the network did, which where it was never trained for the task need not be what a head reads best. It stays unless the
 * network as it was cut is better by more than this on validation.
 */
const CLEARLY = 0.95;

function asTheyWere(healing: readonly HealedLayer[]): Repaired['left'] {
  return healing.map(({ layer }) => ({ layer, reason: 'the head reads the task better in the network as it was cut' }));
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
    // Of several labels, those that the image carries.
    const known = Array.from(rows, (_, i) => i * targets + target).filter((at) => !Number.isNaN(truth[at]));
    const mean = known.reduce((sum, at) => sum + truth[at]! / known.length, 0);
    for (const at of known) {
      left += (truth[at]! - scores[at]!) ** 2;
      whole += (truth[at]! - mean) ** 2;
    }
  }
  return whole > 0 ? left / whole : left;
}
