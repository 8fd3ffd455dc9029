import { describe, expect, it } from 'vitest';
import { findTaps } from '@kneepoint/pruning';
import { layersOf, tinyNet } from '../testing/tiny-net.ts';
import { truncatedMacs } from './head-cost.ts';
import { chooseHead, type HeadChoice, headLayer, type HeadProbe, type ProbedHeads } from './head-layer.ts';

const probed = (validation: Readonly<Record<string, number>>, higherIsBetter = true) =>
  Object.entries(validation).map(([layer, value]) => ({ layer, cell: { validation: value, higherIsBetter } }));

it('a layer is best by validation, whichever way the metric goes', () => {
  expect(headLayer([probed({ conv1: 0.5, conv2: 0.9, conv3: 0.7 })])).toBe('conv2');
  expect(headLayer([probed({ conv1: 5, conv2: 9, conv3: 7 }, false)])).toBe('conv1');
  expect(headLayer([probed({ conv1: 0.5, conv2: 0.5 })])).toBe('conv1');
});

it('of several tasks it is the layer of the best mean rank, in whatever units they are measured', () => {
  const accuracy = probed({ conv1: 0.9, conv2: 0.8, conv3: 0.1 });
  const degrees = probed({ conv1: 30, conv2: 6, conv3: 5 }, false);
  expect(headLayer([accuracy, degrees])).toBe('conv2');
});

/** One probe by its trials on 150 rows. */
function probe(trials: readonly number[], higherIsBetter = true): HeadProbe {
  return {
    // What chose the thresholds says nothing.
    validation: higherIsBetter ? 1 : 0,
    higherIsBetter,
    n: { train: 300, validation: 150, test: 150 },
    trials: trials.map((value) => ({ heldOut: value })),
  };
}

/** Layers in graph order: trials over all positions, and on a grid. */
function heads(
  layers: Readonly<Record<string, readonly [readonly number[], (readonly number[])?]>>,
  higherIsBetter = true,
): readonly ProbedHeads[] {
  return Object.entries(layers).map(([layer, [all, grid]]) => ({
    layer,
    cell: probe(all, higherIsBetter),
    grid: grid ? probe(grid, higherIsBetter) : null,
  }));
}

/** Deeper layers cost more, a grid hardly anything. */
const macs = ({ layer, pool }: HeadChoice): number => 1000 * Number(layer.slice(-1)) + pool;

describe('a head', () => {
  it('reads the layer and the pool that probe best together', () => {
    const pose = heads({
      conv3: [
        [0.78, 0.79, 0.79],
        [0.93, 0.94, 0.93],
      ],
      conv4: [
        [0.83, 0.84, 0.84],
        [0.9, 0.91, 0.9],
      ],
      fc5: [[0.85, 0.86, 0.85]],
    });
    expect(chooseHead([pose], { macs })).toEqual({ layer: 'conv3', pool: 2 });
  });

  it('reads an earlier layer that trials do not tell from the best, and costs less', () => {
    // Differences .03, −.02, .01: mean .0067, standard error .0145.
    const alike = { conv2: [[0.87, 0.93, 0.89]], conv3: [[0.9, 0.91, 0.9]] } as const;
    expect(chooseHead([heads(alike)], { macs })).toEqual({ layer: 'conv2', pool: 1 });
    expect(chooseHead([heads(alike)], { macs: (choice) => -macs(choice) })).toEqual({ layer: 'conv3', pool: 1 });
    // Differences .01, .011, .009: small, and certain.
    const worse = { conv2: [[0.89, 0.9, 0.89]], conv3: [[0.9, 0.911, 0.899]] } as const;
    expect(chooseHead([heads(worse)], { macs })).toEqual({ layer: 'conv3', pool: 1 });
  });

  it('is not a worse one because few trials scatter', () => {
    // Mean .053, standard error .055; on 150 rows a share of .9 has an error of .0245.
    const noisy = { conv2: [[0.74, 0.91, 0.89]], conv3: [[0.9, 0.9, 0.9]] } as const;
    expect(chooseHead([heads(noisy)], { macs })).toEqual({ layer: 'conv3', pool: 1 });
  });

  it.each([
    ['a share', true, 0.9, [0.8756, 0.8754]],
    ['an error', false, 10, [10.577, 10.578]],
  ] as const)('of one trial is held to the sampling error of %s', (_, higher, best, [alike, worse]) => {
    const choose = (value: number) =>
      chooseHead([heads({ conv1: [[value]], conv2: [[best]] }, higher)], { macs }).layer;
    expect(choose(alike)).toBe('conv1');
    expect(choose(worse)).toBe('conv2');
  });

  it('of several tasks is as good as the best for each of them', () => {
    const one = heads({ conv1: [[0.9, 0.9, 0.9]], conv2: [[0.9, 0.9, 0.9]], conv3: [[0.9, 0.9, 0.91]] });
    const degrees = heads({ conv1: [[9, 9.1, 9]], conv2: [[5, 5.4, 5]], conv3: [[5, 5.1, 5.2]] }, false);
    expect(chooseHead([one], { macs }).layer).toBe('conv1');
    expect(chooseHead([one, degrees], { macs }).layer).toBe('conv2');
  });

  it('has a grid for several tasks only where each of them was probed on it', () => {
    const one = heads({ conv1: [[0.5], [0.9]] });
    expect(chooseHead([one], { macs }).pool).toBe(2);
    expect(chooseHead([one, heads({ conv1: [[0.5]] })], { macs }).pool).toBe(1);
  });

  it('of a network that is trained is none of a layer or two, however well that probes', () => {
    const layers = heads({ conv1: [[0.95]], conv2: [[0.9], [0.94]], conv3: [[0.9]] });
    expect(chooseHead([layers], { macs })).toEqual({ layer: 'conv1', pool: 1 });
    expect(chooseHead([layers], { macs, leastShare: 0.5 })).toEqual({ layer: 'conv2', pool: 2 });
    expect(chooseHead([layers], { macs, leastShare: 0.9 }).layer).toBe('conv3');
    expect(chooseHead([layers], { macs, leastShare: 0.9, layer: 'conv1' })).toEqual({ layer: 'conv1', pool: 1 });
  });

  it('keeps what a person has settled', () => {
    const layers = heads({ conv1: [[0.5], [0.6]], conv2: [[0.9], [0.8]], conv3: [[0.7]] });
    expect(chooseHead([layers], { macs, layer: 'conv1' })).toEqual({ layer: 'conv1', pool: 2 });
    expect(chooseHead([layers], { macs, pool: 2 })).toEqual({ layer: 'conv2', pool: 2 });
    expect(chooseHead([layers], { macs, layer: 'conv1', pool: 1 })).toEqual({ layer: 'conv1', pool: 1 });
    expect(chooseHead([layers], { macs, layer: 'conv9' })).toEqual({ layer: 'conv9', pool: 1 });
    expect(() => chooseHead([heads({ conv3: [[0.7]] })], { macs, pool: 2 })).toThrow(
      expect.objectContaining({ code: 'HEAD_BAD_SHAPE', where: 'pool' }),
    );
  });
});

it('a truncated network costs what leads to its head and the head itself', () => {
  const { model, shapes } = tinyNet();
  const cost = truncatedMacs(model, shapes, 2);
  const [first, second] = layersOf(model) as [string, string];
  const { channels } = findTaps(model, shapes).find(({ layer }) => layer === first)!;
  expect(cost({ layer: first, pool: 2 }) - cost({ layer: first, pool: 1 })).toBe(2 * 3 * channels);
  expect(cost({ layer: second, pool: 1 })).toBeGreaterThan(cost({ layer: first, pool: 1 }));
  expect(cost({ layer: 'nowhere', pool: 1 })).toBe(Infinity);
});
