import { type Claim, verdictOf } from './claim.ts';
import { falls, isShare, mean, percent } from './reading.ts';
import type { CurveResult, LayerResult, Reproduction } from './results.ts';

/** A filter tells bins apart when at least this share of its variance lies between them. */
const TELLING = 0.2;
/** Share of the bins at either end that are a side, the rest being frontal. */
const SIDE = 1 / 3;

/** Sections 3, 5 and 9: what single filters and layers say. */
export function layerClaims(results: Reproduction): readonly Claim[] {
  const { networks, tasks } = results;
  const drawn = networks.some(({ own }) => own !== null);
  return [
    distributed(results),
    // Which labels are a pose and which lie in few filters is known of drawn faces alone.
    ...(drawn && tasks.includes('yaw') ? [turned(results), localised(results)] : []),
    layered(results),
  ];
}

function distributed({ distribution }: Reproduction): Claim {
  const { tasks, filters } = distribution;
  const pairs = tasks.flatMap((a, i) => tasks.slice(i + 1).map((b) => overlap(a.kept, b.kept, filters)));
  const found = mean(pairs.map(({ jaccard }) => jaccard));
  const often = tasks.map(({ kept }) => kept.length);
  return {
    ...{
      place: 'Fig. 1',
      claim: 'Tasks use different filters of the last layer, each a part of them',
      figure: 'distribution',
    },
    verdict: verdictOf(tasks.length < 2 ? null : found < 0.75 && often.some((count) => count < filters / 2)),
    said: `Tasks keep ${Math.min(...often)} to ${Math.max(...often)} of ${filters} filters; two of them share ${percent(found)} of what either keeps on average, ${percent(mean(pairs.map(({ chance }) => chance)))} if drawn by lot.`,
  };
}

function overlap(a: readonly number[], b: readonly number[], filters: number) {
  const own = new Set(a);
  const shared = b.filter((filter) => own.has(filter)).length;
  const byLot = (a.length * b.length) / filters;
  const share = (both: number): number => both / Math.max(1, a.length + b.length - both);
  return { jaccard: share(shared), chance: share(byLot) };
}

function turned({ responses }: Reproduction): Claim {
  const bins = responses?.bins ?? [];
  const peaks = (responses?.explained ?? []).flatMap((explained, filter) => {
    if (explained < TELLING) return [];
    const means = bins.map(({ mean: values }) => values[filter]!);
    return [means.indexOf(Math.max(...means))];
  });
  const edge = Math.round(bins.length * SIDE);
  const left = peaks.filter((bin) => bin < edge).length;
  const right = peaks.filter((bin) => bin >= bins.length - edge).length;
  const frontal = peaks.length - left - right;
  return {
    ...{
      place: 'Fig. 2',
      claim: 'Some filters answer to frontal faces, some to faces turned to one side',
      figure: 'responses',
    },
    verdict: verdictOf(bins.length === 0 ? null : frontal > 0 && left > 0 && right > 0),
    said: `Of ${peaks.length} filters with at least ${percent(TELLING)} of their variance between yaw bins ${left} answer most to faces turned left, ${frontal} to frontal ones, ${right} to those turned right.`,
  };
}

function localised({ curves }: Reproduction): Claim {
  const [few, many] = curves;
  const share = (curve: CurveResult | undefined): number => {
    const best = curve?.layers.reduce((a, b) => (b.knee.rmse < a.knee.rmse ? b : a));
    return best ? best.knee.filters / best.filters : NaN;
  };
  const [low, high] = [share(few), share(many)];
  const flat = [few, many].filter((curve) => curve !== undefined && !falls(curve));
  return {
    place: '§5, Figs. 7 and 8',
    claim: 'A localised task (yaw) needs fewer filters than a spread one (valence)',
    figure: `curves-${few?.task ?? ''}`,
    verdict: verdictOf(flat.length > 0 || Number.isNaN(low) || Number.isNaN(high) ? null : low < high),
    said:
      flat.length > 0
        ? `No layer tells more of ${flat.map((curve) => curve!.task).join(' and ')} than a constant answer does: such curves have no knee.`
        : `At ε = 0.01 the best layer keeps ${percent(low)} of its filters for ${few?.task} and ${percent(high)} for ${many?.task}.`,
  };
}

function layered({ byLayer }: Reproduction): Claim {
  const shares = byLayer.filter(({ metric }) => isShare(metric));
  const tasks = [...new Set(shares.map(({ task }) => task))];
  const winners = tasks.map((task) => {
    const own = shares.filter((entry) => entry.task === task);
    return own.reduce((a: LayerResult, b) => (b.value > a.value ? b : a));
  });
  const layers = new Set(winners.map(({ layer }) => layer));
  return {
    ...{ place: '§7, Fig. 11', claim: 'Which of the last layers is best differs by task', figure: 'layers' },
    verdict: verdictOf(tasks.length < 2 ? null : layers.size > 1),
    said: `Best of the last layers: ${winners.map(({ task, layer }) => `${task} ${layer}`).join(', ')}.`,
  };
}
