import { type Claim, verdictOf } from './claim.ts';
import { bestHead, gain, isShare, mean } from './reading.ts';
import type { CellResult, Reproduction } from './results.ts';

/** Share of cells, or of pairs, that have to agree before a claim holds. */
const MOST = 0.8;
/** Points of accuracy by which least squares may be worse than a trained head and still be close. */
const CLOSE = 0.03;
const PAPER_SPEED_UP = 78;

/** Sections 3 and 4: the matrix, and least squares beside transfer learning. */
export function relationshipClaims(results: Reproduction): readonly Claim[] {
  return [carried(results), best(results), directed(results), transferred(results), foreseen(results)];
}

function carried({ networks, matrix }: Reproduction): Claim {
  const own = new Map(networks.map(({ name, task }) => [name, task]));
  const other = matrix.filter(({ network, task }) => own.get(network) !== task);
  const better = other.filter((cell) => {
    const { interval, higherIsBetter, chance, value } = cell;
    // Where no interval was taken, the figure itself.
    const least = interval === null ? value : higherIsBetter ? interval.low : interval.high;
    return gain(least, chance, cell) > 0;
  });
  const share = better.length / Math.max(1, other.length);
  return {
    ...{ place: '§3, Fig. 5', claim: 'A network carries tasks that it was never trained for', figure: 'matrix' },
    verdict: verdictOf(other.length === 0 ? null : share >= MOST),
    said: `${better.length} of ${other.length} cells of other tasks are better than a constant answer by more than their 95 % interval.`,
  };
}

function best({ networks, matrix }: Reproduction): Claim {
  const trained = networks.filter(({ own, task }) => own !== null && task !== null);
  const columns = trained.map(({ task }) =>
    matrix.filter((cell) => cell.task === task && cell.reductionPercent !== null),
  );
  const worse = columns.flat().filter(({ reductionPercent }) => reductionPercent! > 0);
  const all = columns.flat().length;
  return {
    ...{ place: '§3, Fig. 5', claim: 'The network trained for a task does it best', figure: 'loss' },
    verdict: verdictOf(all === 0 ? null : worse.length / all >= MOST),
    said:
      all === 0
        ? 'No network was trained for one of the tasks here.'
        : `${worse.length} of ${all} cells lose against the network trained for the task; the median loss is ${median(columns.flat().map(({ reductionPercent }) => reductionPercent!)).toFixed(1)} %.`,
  };
}

/** How far the loss from a to b is from that of b to a, against the trials' spread. */
function directed({ networks, matrix }: Reproduction): Claim {
  const pairs: { apart: number; noise: number }[] = [];
  networks.forEach((a, i) => {
    for (const b of networks.slice(i + 1)) {
      const [there, back] = [lossOf(matrix, a.name, b.task), lossOf(matrix, b.name, a.task)];
      if (there === undefined || back === undefined) continue;
      pairs.push({ apart: Math.abs(there.lost - back.lost), noise: there.noise + back.noise });
    }
  });
  const clear = pairs.filter(({ apart, noise }) => apart > noise);
  return {
    ...{ place: '§3', claim: 'Relationships have a direction: what a gives b is not what b gives a', figure: 'loss' },
    verdict: verdictOf(pairs.length === 0 ? null : clear.length > pairs.length / 2),
    said:
      pairs.length === 0
        ? 'There are no two networks whose tasks are both in the matrix.'
        : `${clear.length} of ${pairs.length} pairs differ by more than the spread of their trials, by ${mean(pairs.map(({ apart }) => apart)).toFixed(1)} points of percentage on average.`,
  };
}

function lossOf(matrix: readonly CellResult[], network: string, task: string | null) {
  const cell = matrix.find((entry) => entry.network === network && entry.task === task);
  if (cell === undefined || cell.reductionPercent === null || cell.value === 0) return undefined;
  return { lost: cell.reductionPercent, noise: (100 * cell.spread) / Math.abs(cell.value) };
}

function transferred({ transfer, timing }: Reproduction): Claim {
  const shares = transfer.filter(({ metric }) => isShare(metric));
  const apart = mean(shares.map((entry) => entry.regression - bestHead(entry)));
  const { headSeconds, onImagesSeconds, lastLayerSeconds, regressionSeconds, tasks, layers } = timing;
  const claim: Pick<Claim, 'place' | 'claim' | 'figure'> = {
    place: '§4, Fig. 6',
    claim: `Least squares is close to training a head, and ${PAPER_SPEED_UP} times as fast`,
    figure: 'transfer',
  };
  if (headSeconds === null || onImagesSeconds === null || shares.length === 0) {
    return { ...claim, verdict: verdictOf(null), said: 'No head was trained.' };
  }
  const times = (seconds: number): string => `${(seconds / lastLayerSeconds).toFixed(0)} times`;
  return {
    ...claim,
    verdict: verdictOf(apart >= -CLOSE && onImagesSeconds / lastLayerSeconds >= PAPER_SPEED_UP),
    said:
      `On ${shares.length} tasks least squares is ${(100 * Math.abs(apart)).toFixed(1)} points ${apart < 0 ? 'below' : 'above'} the better trained head on average. ` +
      `With features in hand it takes ${lastLayerSeconds.toFixed(3)} s for ${tasks.length} tasks, ${regressionSeconds.toFixed(2)} s on all ${layers} layers: ${times(onImagesSeconds)} as fast as heads trained on the images (${onImagesSeconds.toFixed(0)} s), ${times(headSeconds)} as fast as heads trained on stored features (${headSeconds.toFixed(1)} s).`,
  };
}

/** Beyond the paper: which cheap score orders the networks as finetuning does. */
function foreseen({ rankings }: Reproduction): Claim {
  const rhos = new Map<string, number[]>();
  for (const { score, rho } of rankings.flatMap(({ scores }) => scores)) {
    if (rho !== null) rhos.set(score, [...(rhos.get(score) ?? []), rho]);
  }
  const means = [...rhos].map(([score, values]) => ({ score, rho: mean(values) }));
  const probe = means.find(({ score }) => score === 'probe');
  return {
    ...{ place: '§3', claim: 'The matrix foresees which network to start from', figure: null },
    verdict: verdictOf(probe === undefined ? null : probe.rho > 0.5),
    said:
      means.length === 0
        ? 'Networks were not finetuned to compare with.'
        : `Spearman’s ρ with the finetuned result, mean of ${rankings.length} tasks: ${means.map(({ score, rho }) => `${score} ${rho.toFixed(2)}`).join(', ')}.`,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
