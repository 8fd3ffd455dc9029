import type { ModelProto } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import { mask } from '../surgery/mask.ts';
import { type OverChannels, meaningOfEqual, overChannels } from '../surgery/over-channels.ts';
import { prune, prunedShapes } from '../surgery/prune.ts';
import { type Images, type RunModel, imageBatches, runAll } from './batches.ts';
import { refuseRewriting, runByDefault } from './by-default.ts';
import type { BatchOutputs } from './compare.ts';
import { freshWeights } from './fresh-weights.ts';
import { type Gate, type NegativeControl, controlGate, dependenceGate, differenceGate } from './gates.ts';
import { type ProofFigures, Trial } from './trial.ts';
import { exposing, witnessesOf } from './witnesses.ts';

export interface ProofInput extends Images {
  readonly plan: Plan;
  readonly run: RunModel;
  /** Largest difference allowed, relative to the largest output, where rounding does no more. Default 1e-5. */
  readonly tolerance?: number;
  readonly seed?: number;
}

/** Evidence that surgery equals masking, and that the comparison would have noticed otherwise. */
export interface Proof extends ProofFigures {
  /** All gates passed. */
  readonly passed: boolean;
  /** Nothing was found wrong, but what would be could not be told from rounding. */
  readonly undecided: boolean;
  readonly tolerance: number;
  /** With fresh weights: He-initialised, and levelled on the network. */
  readonly he: ProofFigures;
  readonly negativeControl: NegativeControl;
  /** Statistics over channels of which some went, and what "equal" means for them. */
  readonly overChannels: readonly OverChannels[];
  /** The same in words; empty where "equal to masking" needs none. */
  readonly meaning: readonly string[];
  readonly gates: {
    /** Same result with the model's own weights. */
    readonly own: Gate;
    /** Same result with fresh weights. */
    readonly he: Gate;
    /** Same result as a session with default settings runs the cut network, with either set of weights. */
    readonly default: Gate;
    /** The difference is small against how far the input moves the output. */
    readonly dependence: Gate;
    /** A class left out of the mask is noticed. */
    readonly control: Gate;
  };
}

const TOLERANCE = 1e-5;
/** Classes tried before the control is given up: a channel can be dead on the images at hand. */
const CONTROL_TRIES = 5;

/**
 * Proves a plan's surgery on a model: runs the pruned and the masked graph on the same images, with the model's own weights and with
 * fresh ones, and leaves one class out of the mask to see that it shows. A difference beyond the tolerance is set against what rounding
 * does to the masked network itself. Where all answers are whole numbers or truth values, or rounding leaves nothing to be told from them,
 * what they are decided by is compared with them. Throws PROOF_TOO_FEW_IMAGES, PROOF_NOT_FINITE,
 * SURGERY_RUNTIME_DIFFERS where a proof fails for what the runtime makes of the network by default, and as `prune` does.
 */
export async function prove(input: ProofInput): Promise<Proof> {
  const proof = await proveBy(input, 'answers');
  if (proof.undecided && deciding(input).length > 0) {
    // Detections in the order of their scores change places for a last bit; scores and boxes where they lie do not.
    const more = await proveBy(input, 'witnesses');
    if (more.passed) return more;
  }
  // Cut and masked are compared as they are written, too: what differs there is nobody else's doing.
  const { own, he, dependence, control: noticed } = proof.gates;
  if (!proof.passed && [own, he, dependence, noticed].every(({ passed, undecided }) => passed || undecided)) {
    await refuseOtherNetworks(input);
  }
  return proof;
}

/** What looks like rounding or like a wrong rule may be what the runtime makes of the network, or of what is left of it. */
async function refuseOtherNetworks({
  model,
  shapes,
  plan,
  run,
  tolerance = TOLERANCE,
  seed = 1,
  ...given
}: ProofInput): Promise<void> {
  const fed = { batches: imageBatches({ model, shapes, ...given }), run, tolerance, seed };
  await refuseRewriting(model, 'the network', fed);
  await refuseRewriting(prune(model, shapes, plan), 'the cut network', fed);
}

function deciding({ model, shapes, plan }: ProofInput): readonly string[] {
  return witnessesOf(model, shapes, prunedShapes(model, shapes, plan));
}

async function proveBy(input: ProofInput, by: 'answers' | 'witnesses'): Promise<Proof> {
  const { model, shapes, plan, run, tolerance = TOLERANCE, seed = 1 } = input;
  const batches = imageBatches(input);
  // As the model's own weights have it: fresh ones must run in the very graph that is written.
  const over = overChannels(model, shapes, plan);
  const maskedAlone = (of: ModelProto, leaveOut?: number) =>
    mask(of, shapes, plan, { over, ...(leaveOut === undefined ? {} : { leaveOut }) });
  const answers = await runAll(maskedAlone(model), batches, run);
  const decided = answers.results.every((result) => [...result.values()].every(({ whole }) => whole));
  const asked = decided || by === 'witnesses';
  const witnesses = asked ? deciding(input) : [];
  const masked = (of: ModelProto, leaveOut?: number) => exposing(maskedAlone(of, leaveOut), witnesses);
  const trial = async (weights: ModelProto, given?: BatchOutputs): Promise<Trial> => {
    const network = masked(weights);
    const found = new Trial({
      ...{ network, batches, run, tolerance, seed },
      masked: given ?? (await runAll(network, batches, run)),
      ...(await bothWays(exposing(prune(weights, shapes, plan, over), witnesses))),
    });
    await found.judge();
    return found;
  };
  const bothWays = async (pruned: ModelProto) => ({
    pruned: await runAll(pruned, batches, run),
    byDefault: await runByDefault(pruned, batches, run),
  });

  const own = await trial(model, witnesses.length > 0 ? undefined : answers);
  const fresh = await freshWeights({ model, shapes, batches, run, seed, masked });
  const he = await trial(fresh.model, fresh.outputs);
  // Fresh weights make the output sensitive; the model's own are asked only when those stay silent, or decide nothing.
  const speaking = [he, own].filter((by) => by.verdict('pruned') === 'equal');
  const negativeControl = await control(plan, async (leaveOut) => {
    let best = { diff: 0, detected: false };
    for (const by of speaking.length > 0 ? speaking : [he, own]) {
      const found = by.notices(await runAll(masked(by === he ? fresh.model : model, leaveOut), batches, run));
      if (found.detected) return found;
      if (found.diff > best.diff) best = found;
    }
    return best;
  });
  const settled = speaking.length > 0 && negativeControl.detected;
  const gates = {
    own: differenceGate(own, "with the model's own weights"),
    he: excused(differenceGate(he, 'with fresh weights'), settled),
    default: differenceGate(
      own.worseByDefault(settled ? speaking : [he]),
      'in a session with default settings',
      'byDefault',
    ),
    dependence: dependenceGate(own, he),
    control: controlGate(negativeControl, [own, he]),
  };
  const failed = Object.values<Gate>(gates).filter((gate) => !gate.passed);
  return {
    passed: failed.length === 0,
    undecided: failed.length > 0 && failed.every((gate) => gate.undecided),
    ...{
      tolerance,
      ...own.figures,
      he: he.figures,
      negativeControl,
      overChannels: over,
      meaning: meaningOfEqual(over),
      gates,
    },
  };
}

/** Fresh weights that decide nothing are not needed where the model's own do. */
function excused(gate: Gate, settled: boolean): Gate {
  if (!gate.undecided || !settled) return gate;
  return { passed: true, detail: `${gate.detail}: nothing is decided by them, and need not be` };
}

async function control(
  { removedClasses }: Plan,
  tryOne: (leaveOut: number) => Promise<{ readonly diff: number; readonly detected: boolean }>,
): Promise<NegativeControl> {
  if (removedClasses.length === 0) return { applicable: false, leftOutClass: null, diff: 0, detected: false };
  const step = Math.max(1, Math.floor(removedClasses.length / CONTROL_TRIES));
  let best: NegativeControl = { applicable: true, leftOutClass: removedClasses[0]!, diff: 0, detected: false };
  for (let i = 0; i < removedClasses.length && i < CONTROL_TRIES * step && !best.detected; i += step) {
    const found = await tryOne(removedClasses[i]!);
    if (found.detected || found.diff >= best.diff)
      best = { applicable: true, leftOutClass: removedClasses[i]!, ...found };
  }
  return best;
}
