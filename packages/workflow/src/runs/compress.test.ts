import { describe, expect, it } from 'vitest';
import { type TrainedArm, TRAINED_ARMS } from '../report-measured.ts';
import type { FinetuneInput } from '../steps/finetune.ts';
import { DEFAULT_REGRESSION } from '../steps/regress.ts';
import type { PruneInput } from '../steps/prune.ts';
import type { QuantizeInput } from '../steps/quantize.ts';
import type { ReportInput } from '../steps/report.ts';
import { datasetReference, modelReference, YAW } from '../testing/index.ts';
import { type CompressRequest, planCompress } from './compress.ts';
import { planPrune } from './prune.ts';

function request(overrides: Partial<CompressRequest> = {}): CompressRequest {
  return {
    model: modelReference(),
    dataset: datasetReference(),
    tasks: [YAW],
    settings: DEFAULT_REGRESSION,
    options: [{ epsilon: 0.01 }, { epsilon: 0.1 }],
    arms: TRAINED_ARMS,
    ...overrides,
  };
}

const plan = (overrides: Partial<CompressRequest> = {}) => {
  const steps = planCompress(request(overrides));
  return { steps, of: (kind: string) => steps.filter((step) => step.kind === kind) };
};
const labels = (steps: readonly { readonly input: object }[]) =>
  steps.map(({ input }) => (input as FinetuneInput).label);

describe('planCompress', () => {
  it('trains the pruned networks once for each ε, and what has no ε once for all', () => {
    const { steps, of } = plan();
    expect(labels(of('finetune')).sort()).toEqual(
      ['finetuned', 'finetuned', 'headOnly', 'scratch', 'scratch', 'unpruned'].sort(),
    );
    expect([of('prune').length, of('truncate').length, of('report').length]).toEqual([2, 1, 2]);
    expect(new Set(steps.map((step) => step.ref)).size).toBe(steps.length);
    expect(new Set(steps.map((step) => step.key)).size).toBe(steps.length);
  });

  it('gives every step a time limit', () => {
    for (const step of plan().steps) expect(step.timeoutSeconds, step.ref).toBeGreaterThan(3600);
  });

  it('trains each arm in its mode, from the network that an earlier step of the same run makes', () => {
    const { steps, of } = plan();
    const modes = { finetuned: 'whole', scratch: 'scratch', headOnly: 'head', unpruned: 'whole' };
    const sources = { finetuned: 'prune', scratch: 'prune', headOnly: 'truncate', unpruned: 'truncate' };
    for (const step of of('finetune')) {
      const { label, mode, network } = step.input as FinetuneInput;
      expect(mode).toBe(modes[label as TrainedArm]);
      const source = steps.find(({ ref }) => ref === step.dependsOn[0])!;
      expect(source.kind).toBe(sources[label as TrainedArm]);
      expect(network).toEqual({ step: { key: source.key, field: 'modelSha256' } });
      const taught = ['finetuned', 'scratch'].includes(label);
      expect(step.dependsOn.slice(1)).toEqual(taught ? ['teach'] : []);
    }
  });

  it('turns what would be delivered into whole numbers, which the report waits for, and nothing unasked', () => {
    const { steps, of } = plan({ quantize: 'int8' });
    expect(plan().of('quantize')).toEqual([]);
    expect(of('quantize')).toHaveLength(2);
    for (const report of of('report')) {
      const step = steps.find(({ key }) => key === (report.input as ReportInput).quantizeKey)!;
      expect(report.dependsOn).toContain(step.ref);
      const made = steps.find(({ ref }) => ref === step.dependsOn[0])!;
      expect((made.input as FinetuneInput).label).toBe('finetuned');
      expect((step.input as QuantizeInput).network).toEqual({ step: { key: made.key, field: 'modelSha256' } });
    }
    const closed = plan({ quantize: 'int8', arms: [] });
    expect(closed.of('quantize').map(({ dependsOn }) => dependsOn)).toEqual(closed.of('prune').map(({ ref }) => [ref]));
  });

  it('a report waits for its pruning and for all arms, and finds them by their keys', () => {
    const { steps, of } = plan();
    for (const report of of('report')) {
      const { pruneKey, arms, label } = report.input as ReportInput;
      const waits = steps.filter((step) => report.dependsOn.includes(step.ref));
      expect(waits.map(({ key }) => key).sort()).toEqual([pruneKey, ...arms.map(({ key }) => key)].sort());
      expect(arms.map(({ arm }) => arm)).toEqual([...TRAINED_ARMS]);
      expect(waits.find((step) => step.kind === 'prune')!.ref).toBe(`prune-${label}`);
      expect(labels(waits.filter((step) => step.kind === 'finetune')).sort()).toEqual([...TRAINED_ARMS].sort());
    }
  });

  it('shares its prunings with a run that only prunes, and without arms adds a report of each', () => {
    const pruned = planPrune(request());
    expect(planCompress(request())).toEqual(expect.arrayContaining([...pruned]));
    const alone = planCompress(request({ arms: [] }));
    expect(alone.filter(({ kind }) => kind !== 'report')).toEqual(pruned);
    expect(alone).toHaveLength(pruned.length + 2);
  });

  it('delivers with another batch than the original has without doing anything else again', () => {
    const keys = (steps: readonly { readonly kind: string; readonly key: string }[], of: (kind: string) => boolean) =>
      steps.filter(({ kind }) => of(kind)).map(({ key }) => key);
    const [asIs, free] = [planCompress(request()), planCompress({ ...request(), batch: 'free' })];
    expect(keys(free, (kind) => kind !== 'report')).toEqual(keys(asIs, (kind) => kind !== 'report'));
    expect(keys(free, (kind) => kind === 'report')).not.toEqual(keys(asIs, (kind) => kind === 'report'));
  });

  it('does only what the chosen arms need', () => {
    const { of } = plan({ arms: ['finetuned'], teacher: false });
    expect([of('truncate').length, labels(of('finetune'))]).toEqual([0, ['finetuned', 'finetuned']]);
    const baseline = plan({ arms: ['headOnly'] });
    expect([baseline.of('truncate').length, labels(baseline.of('finetune'))]).toEqual([1, ['headOnly']]);
  });

  it('what has no ε is found again at another ε', () => {
    const keys = (epsilon: number) =>
      planCompress(request({ options: [{ epsilon }] }))
        .filter(({ ref }) => ['truncate', 'unpruned', 'headOnly'].includes(ref))
        .map(({ key }) => key);
    expect(keys(0.5)).toEqual(keys(0.01));
    expect(keys(0.5)).toHaveLength(3);
  });

  it.each<[string, Partial<CompressRequest>, readonly string[]]>([
    ['the name of the model', { model: modelReference({}, { name: 'other' }) }, []],
    ['the epochs', { training: { epochs: 3 } }, ['finetune', 'teach', 'report']],
    ['whether a network teaches', { teacher: false }, ['finetune', 'report']],
    [
      'the layer of the head',
      { options: [{ epsilon: 0.01, layer: 'conv1' }] },
      ['prune', 'truncate', 'finetune', 'teach', 'report'],
    ],
    [
      'the labels',
      { dataset: datasetReference({ manifestSha256: 'e'.repeat(64) }) },
      ['regress', 'prune', 'truncate', 'finetune', 'teach', 'report'],
    ],
  ])('%s changes the keys of exactly the steps that depend on it', (_what, change, kinds) => {
    const keysOf = (overrides: Partial<CompressRequest>) =>
      new Map(planCompress(request({ options: [{ epsilon: 0.01 }], ...overrides })).map((step) => [step.ref, step]));
    const before = keysOf({});
    const changed = [...keysOf(change).values()].filter((step) => before.get(step.ref)!.key !== step.key);
    expect([...new Set(changed.map((step) => step.kind))].sort()).toEqual([...kinds].sort());
  });

  describe('with a target', () => {
    const rounds = (overrides: Partial<CompressRequest> = {}) => {
      const target = { kind: 'macs', remove: 0.95 } as const;
      const { steps, of } = plan({ options: [{ target }], arms: ['finetuned'], ...overrides });
      return { steps, of, prunings: of('prune').map(({ input }) => input as PruneInput) };
    };

    it('goes down in rounds from the whole network finetuned, each from what the one before has trained', () => {
      const { steps, of, prunings } = rounds();
      expect(prunings.map(({ options }) => options.target)).toEqual([
        { kind: 'macs', remove: 0.6 },
        { kind: 'macs', remove: 0.8 },
        { kind: 'macs', remove: 0.9 },
        { kind: 'macs', remove: 0.95 },
      ]);
      const whole = of('finetune').find((step) => (step.input as FinetuneInput).label === 'unpruned')!;
      const trainings = of('finetune').filter((step) => step !== whole);
      prunings.forEach(({ round }, index) => {
        expect(round!.whole).toBe(whole.key);
        expect(round!.earlier).toEqual(
          of('prune')
            .slice(0, index)
            .map(({ key }, i) => ({ prune: key, finetune: trainings[i]!.key })),
        );
        expect(of('prune')[index]!.dependsOn).toContain(index === 0 ? whole.ref : trainings[index - 1]!.ref);
      });
      expect(steps.find(({ kind }) => kind === 'report')!.input).toMatchObject({
        pruneKey: of('prune').at(-1)!.key,
        rounds: { whole: whole.key, made: { length: 4 } },
      });
    });

    it('trains half as long on the way, and learns from the whole network each time', () => {
      const { of } = rounds({ training: { epochs: 9 } });
      const trainings = of('finetune').map(({ input }) => input as FinetuneInput);
      expect(trainings.map(({ label, settings }) => [label, settings.epochs])).toEqual([
        ['unpruned', 9],
        ['finetuned', 5],
        ['finetuned', 5],
        ['finetuned', 5],
        ['finetuned', 9],
      ]);
      const [teach] = of('teach');
      for (const { label, distill } of trainings) {
        expect(distill?.answers.key).toBe(label === 'finetuned' ? teach!.key : undefined);
      }
    });

    it('shares its first rounds with others on the way', () => {
      const options = [0.9, 0.95].map((remove) => ({ target: { kind: 'macs', remove } as const }));
      const { steps, of } = rounds({ options });
      // To 40 and 20 % once, then to 10 % as the end of the one and, trained half as long, on the way of the other.
      expect(of('prune')).toHaveLength(4);
      expect(of('finetune')).toHaveLength(6);
      expect(new Set(steps.map(({ key }) => key)).size).toBe(steps.length);
      const known = new Set(steps.map(({ ref }) => ref));
      for (const { dependsOn } of steps) expect(dependsOn.every((ref) => known.has(ref))).toBe(true);
    });

    it('that is a figure knows its share of the whole network', () => {
      const { macs } = modelReference().inspection;
      const { prunings } = rounds({ options: [{ target: { kind: 'macs', atMost: macs * 0.1 } }] });
      expect(prunings).toHaveLength(3);
    });

    it('without training is reached at once, from the network as it is registered', () => {
      const { prunings } = rounds({ arms: [] });
      expect(prunings.map(({ round }) => round)).toEqual([undefined]);
    });

    it('beside tasks to avoid is reached at once, by the rivals too, at the MACs of the first', () => {
      const target = { kind: 'macs', remove: 0.95 } as const;
      const { of, prunings } = rounds({
        options: [{ target, avoid: { tasks: ['identity'] } }],
        compare: ['l1'],
      });
      expect(prunings.map(({ round }) => round)).toEqual([undefined, undefined]);
      expect(prunings[1]!.equalTo).toBe(of('prune')[0]!.key);
    });

    it('is reached by rivals over the same rounds, each at the MACs of the one beside it', () => {
      const { of } = rounds({ compare: ['l1'] });
      const [own, others] = [of('prune').slice(0, 4), of('prune').slice(4)];
      expect(others.map(({ input }) => (input as PruneInput).equalTo)).toEqual(own.map(({ key }) => key));
      for (const { dependsOn } of others)
        expect(dependsOn.some((ref) => own.some((step) => step.ref === ref))).toBe(true);
    });
  });

  describe('with a goal to keep', () => {
    const search = (overrides: Partial<CompressRequest> = {}) =>
      plan({ options: [{ keep: { share: 0.99 } }], arms: ['finetuned'], ...overrides });

    it('tries so many networks at most, and ends with a pair of steps that pass on the best', () => {
      const { of } = search({ mostRounds: 3 });
      const found = of('prune').map(({ input }) => (input as PruneInput).round!);
      expect(found.map(({ closing }) => closing)).toEqual([undefined, undefined, undefined, true]);
      expect(found.map(({ earlier }) => earlier.length)).toEqual([0, 1, 2, 3]);
      expect((of('report')[0]!.input as ReportInput).keep).toEqual({ share: 0.99 });
    });

    it('finds every network of a shorter search again', () => {
      const keys = (mostRounds: number) =>
        search({ mostRounds })
          .of('prune')
          .map(({ key }) => key);
      expect(keys(4).slice(0, 2)).toEqual(keys(2).slice(0, 2));
    });

    it('beside a target tries none that is smaller', () => {
      const options = [{ keep: { share: 0.99 }, target: { kind: 'macs', remove: 0.75 } as const }];
      const { of } = search({ options });
      expect((of('prune')[0]!.input as PruneInput).round!.floor).toBeCloseTo(0.25);
    });
  });

  it('settings out of bounds are refused before anything is launched', () => {
    expect(() => plan({ training: { epochs: 0 } })).toThrow(
      expect.objectContaining({ code: 'TRAINING_OPTION_INVALID', where: 'epochs' }),
    );
  });

  describe('a comparison of criteria', () => {
    const rivalsOf = (overrides: Partial<CompressRequest>) => {
      const { steps, of } = plan({ options: [{ epsilon: 0.01, minFilters: 2 }], ...overrides });
      const [own, ...others] = of('prune');
      return { steps, of, own: own!, others };
    };

    it('cuts by each of the others at the MACs of the first, under the same limits', () => {
      const { own, others, steps } = rivalsOf({ compare: ['l1', 'lasso', 'random', 'l1'] });
      expect(others.map(({ input }) => (input as PruneInput).options)).toEqual([
        { epsilon: 0.01, minFilters: 2, criterion: 'l1' },
        { epsilon: 0.01, minFilters: 2, criterion: 'random' },
      ]);
      for (const rival of others) {
        expect((rival.input as PruneInput).equalTo).toBe(own.key);
        expect(rival.dependsOn).toContain(own.ref);
      }
      expect(new Set(steps.map(({ ref }) => ref)).size).toBe(steps.length);
    });

    it('trains them on where the first is, and the report waits for all', () => {
      const { of, others } = rivalsOf({ compare: ['l1', 'taylor'] });
      const [report] = of('report');
      const { rivals } = report!.input as ReportInput;
      expect(rivals!.map(({ criterion, pruneKey }) => [criterion, pruneKey])).toEqual([
        ['l1', others[0]!.key],
        ['taylor', others[1]!.key],
      ]);
      const trained = new Map(of('finetune').map((step) => [step.key, step]));
      for (const { finetuneKey, pruneKey } of rivals!) {
        const step = trained.get(finetuneKey!)!;
        expect((step.input as FinetuneInput).network).toEqual({ step: { key: pruneKey, field: 'modelSha256' } });
        expect(report!.dependsOn).toContain(step.ref);
      }
      expect(report!.dependsOn).toEqual(expect.arrayContaining(others.map(({ ref }) => ref)));
    });

    it('needs no training, but a report', () => {
      const { of } = rivalsOf({ compare: ['random'], arms: [] });
      expect([of('finetune').length, of('report').length, of('prune').length]).toEqual([0, 1, 2]);
      expect((of('report')[0]!.input as ReportInput).rivals![0]!.finetuneKey).toBeUndefined();
    });

    it('has lasso among the others where another criterion leads', () => {
      const { own, others, steps } = rivalsOf({ options: [{ epsilon: 0.01, criterion: 'l1' }], compare: ['lasso'] });
      expect([own, ...others].map(({ ref }) => ref)).toEqual(['prune-0.01-l1', 'prune-0.01-lasso']);
      expect(new Set(steps.map(({ ref }) => ref)).size).toBe(steps.length);
    });
  });
});
