import type { ModelProto } from '@kneepoint/onnx';
import type { ProofBatch, RunModel } from './batches.ts';
import { type BatchOutputs, type Comparison, compareOutputs, inputDependence, relative } from './compare.ts';
import { type Rounding, measureRounding } from './rounding.ts';

/** How one set of weights fared. Differences are between surgery and masking. */
export interface ProofFigures {
  readonly maxAbsDiff: number;
  /** The largest difference of an output divided by that output's largest magnitude. */
  readonly maxRelDiff: number;
  /** The same where the cut network runs in a session with default settings. */
  readonly byDefault: number;
  /** What rounding does to the masked network itself, relative likewise; null where no difference was large enough to ask. */
  readonly rounding: number | null;
  /** How far two images move the output: max |y(x₁) − y(x₂)|. */
  readonly inputDependence: number;
  /** The same, relative to the largest magnitude of that output. */
  readonly relativeDependence: number;
  /** Difference divided by input dependence, worst output; null when no output depends on the image. */
  readonly diffOverDependence: number | null;
}

/** A difference may be so many times what rounding was seen to do: a handful of draws need not show its worst. */
export const ROUNDING_FACTOR = 4;
/** Beyond so many times no rounding explains it. */
export const BEYOND_ROUNDING = 100;
/** A class left out of the mask must change the output by so many times what is allowed to count as noticed. */
const CONTROL_FACTOR = 10;
/** Largest share of the input dependence that a difference may reach, unless rounding does as much. */
export const DEPENDENCE_SHARE = 1e-3;
/**
 * Below this share of its magnitude an output moves so little that float32 noise, up to some 1e-6 of it behind many layers, would be more
 * than the share allowed above.
 */
const WEAK = 1e-3;

export type Verdict = 'equal' | 'undecided' | 'differs';
/** As it is written, or as a session with default settings runs it. */
export type Way = 'pruned' | 'byDefault';

export interface TrialInput {
  /** The masked network. */
  readonly network: ModelProto;
  readonly batches: readonly ProofBatch[];
  readonly run: RunModel;
  readonly tolerance: number;
  readonly seed: number;
  readonly masked: BatchOutputs;
  readonly pruned: BatchOutputs;
  readonly byDefault: BatchOutputs;
}

/** The cut network against the masked one with one set of weights. */
export class Trial {
  private readonly input: TrialInput;
  private rounding: Rounding | undefined;
  private compared: Readonly<Record<Way, Comparison>>;
  private readonly moved: ReadonlyMap<string, number>;

  constructor(input: TrialInput) {
    this.input = input;
    this.moved = inputDependence(input.masked);
    this.compared = this.compareBoth();
  }

  /** Measures rounding, where what was found is not below the tolerance anyway. */
  async judge(): Promise<void> {
    const { network, masked, tolerance } = this.input;
    const small = (['pruned', 'byDefault'] as const).every((way) => this.compared[way].maxRelDiff <= tolerance);
    if (small && (this.dependenceShare() ?? 0) <= DEPENDENCE_SHARE) return;
    this.rounding = await measureRounding(network, masked, this.input);
    this.compared = this.compareBoth();
  }

  get figures(): ProofFigures {
    const { maxAbsDiff, maxRelDiff, perOutput } = this.compared.pruned;
    return {
      maxAbsDiff,
      maxRelDiff,
      byDefault: this.compared.byDefault.maxRelDiff,
      rounding: this.relativeRounding,
      inputDependence: Math.max(0, ...this.moved.values()),
      relativeDependence: Math.max(
        0,
        ...perOutput.map(({ name, scale }) => (scale > 0 ? (this.moved.get(name) ?? 0) / scale : 0)),
      ),
      diffOverDependence: this.ratios(() => true),
    };
  }

  /** What rounding does to the output that it changes most; null where no difference asked for it. */
  get relativeRounding(): number | null {
    if (!this.rounding) return null;
    const { perOutput } = this.compared.pruned;
    return Math.max(
      0,
      ...perOutput.map(({ name, scale }) => relative({ diff: this.rounding!.perOutput.get(name) ?? 0, scale })),
    );
  }

  get tolerance(): number {
    return this.input.tolerance;
  }

  verdict(way: Way): Verdict {
    const { perOutput } = this.compared[way];
    if (perOutput.every(({ name, diff, scale }) => diff <= this.allowed(name, scale))) return 'equal';
    const explained = perOutput.every(
      ({ name, diff, scale }) => diff <= Math.max(this.allowed(name, scale), BEYOND_ROUNDING * this.ofRounding(name)),
    );
    return explained ? 'undecided' : 'differs';
  }

  difference(way: Way): number {
    return this.compared[way].maxRelDiff;
  }

  /** Of this trial and others the one that differs most as a default session runs it. */
  worseByDefault(others: readonly Trial[]): Trial {
    const rank = (trial: Trial) => VERDICTS.indexOf(trial.verdict('byDefault'));
    return [this, ...others].reduce((worst: Trial, trial) => {
      if (rank(trial) !== rank(worst)) return rank(trial) > rank(worst) ? trial : worst;
      return trial.difference('byDefault') > worst.difference('byDefault') ? trial : worst;
    });
  }

  /** The worst difference over input dependence among outputs that depend on the image, and of which rounding does not explain it. */
  dependenceShare(): number | null {
    return this.ratios((name, diff) => diff > ROUNDING_FACTOR * this.ofRounding(name));
  }

  /** Whether masked outputs of which one class was left out differ from the cut network's by more than could pass. */
  notices(leftOut: BatchOutputs): { readonly diff: number; readonly detected: boolean } {
    const { perOutput, maxRelDiff } = compareOutputs(this.input.pruned, leftOut, this.rounding?.unsteady);
    const detected = perOutput.some(
      ({ name, diff, scale }) => diff > CONTROL_FACTOR * this.allowed(name, scale) && diff > 0,
    );
    return { diff: maxRelDiff, detected };
  }

  private compareBoth(): Readonly<Record<Way, Comparison>> {
    const { pruned, byDefault, masked } = this.input;
    const unsteady = this.rounding?.unsteady;
    return {
      pruned: compareOutputs(pruned, masked, unsteady),
      byDefault: compareOutputs(byDefault, masked, unsteady),
    };
  }

  /** max(τ · scale, κ · ρ). Whole numbers that rounding changes are left out already: none of the others may differ for it. */
  private allowed(name: string, scale: number): number {
    return Math.max(this.input.tolerance * scale, ROUNDING_FACTOR * this.ofRounding(name));
  }

  private ofRounding(name: string): number {
    if (this.input.masked.results[0]?.get(name)?.whole) return 0;
    return this.rounding?.perOutput.get(name) ?? 0;
  }

  private ratios(counts: (name: string, diff: number) => boolean): number | null {
    const ratios = this.compared.pruned.perOutput.flatMap(({ name, diff, scale }) => {
      const dependence = this.moved.get(name) ?? 0;
      if (dependence <= WEAK * scale) return [];
      return [counts(name, diff) ? Math.min(Number.MAX_VALUE, diff / dependence) : 0];
    });
    return ratios.length > 0 ? Math.max(...ratios) : null;
  }
}

const VERDICTS: readonly Verdict[] = ['equal', 'undecided', 'differs'];
