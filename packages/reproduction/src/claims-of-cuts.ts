import { type Claim, verdictOf } from './claim.ts';
import {
  armOf,
  atPaperEpsilon,
  byTask,
  gain,
  isRead,
  isShare,
  kept,
  mean,
  percent,
  removed,
  shown,
  speedUp,
  timeGone,
} from './reading.ts';
import type { CutResult, Reproduction } from './results.ts';

/** What the paper reports of VGG-Face: share of multiply-accumulates and of bytes gone. */
const PAPER: Readonly<Record<string, { readonly macs: number; readonly bytes: number }>> = {
  yaw: { macs: 0.655, bytes: 0.965 },
  age: { macs: 0.556, bytes: 0.955 },
  valence: { macs: 0.25, bytes: 0.924 },
};
const PAPER_LIGHT = { macs: 0.789, bytes: 0.986 };
const PAPER_SPEED_UP = 10;
/** ETL (VISAPP 2022). */
const ETL = { size: 0.97, latency: 0.94, kept: 0.995, tasks: 5 / 7 };
/** As good, as a share of the way from a constant answer. */
const AS_GOOD = 0.98;

/** Sections 6 to 8. */
export function compressionClaims({ cuts, light }: Reproduction): readonly Claim[] {
  const groups = byTask(cuts);
  const lightGroups = byTask(light);
  const all = groups.map(atPaperEpsilon);
  const at = all.filter(isRead);
  return [
    epsilonClaim(groups.filter((group) => group.every(isRead))),
    claimBeside(at, WHOLE),
    claimBeside(at, FRESH),
    defaultClaim(at),
    ...all.flatMap((cut) =>
      PAPER[cut.result.task] ? [sizeClaim(cut, PAPER[cut.result.task]!, '§8, Tables 3–5')] : [],
    ),
    ...lightGroups.map((group) => sizeClaim(atPaperEpsilon(group), PAPER_LIGHT, '§8, Table 6, max-feature-map')),
    fasterClaim(at),
  ];
}

/** A sentence of figures, where there are any. */
function saidOf(figures: readonly unknown[], sentence: string): string {
  return figures.length === 0 ? 'Nothing was cut for it.' : sentence;
}

const figureOf = ({ network, result }: CutResult): string =>
  `trade-${`${network}-${result.task}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;

function epsilonClaim(groups: readonly (readonly CutResult[])[]): Claim {
  const told = groups.filter((group) => group.length > 1);
  const scores = told.map((group) => {
    const middle = atPaperEpsilon(group);
    const rival = group.find(({ result }) => (result.epsilon ?? 1) < (middle.result.epsilon ?? 0)) ?? middle;
    const looser = group.find(({ result }) => (result.epsilon ?? 0) > (middle.result.epsilon ?? 1)) ?? middle;
    const of = (cut: CutResult): number => armOf(cut, 'finetuned')?.metric ?? cut.result.metric.refit;
    const { chance } = middle.result.metric;
    const asStrict = (kept(of(middle), of(rival), chance) ?? 0) >= AS_GOOD;
    const overLoose = gain(of(middle), of(looser), middle.result.metric) >= 0;
    return { task: middle.result.task, right: asStrict && overLoose };
  });
  const right = scores.filter((entry) => entry.right);
  return {
    ...{
      place: '§6',
      claim: 'Of ε = 0.1, 0.01 and 0.001 the middle one is best',
      figure: told[0] ? figureOf(told[0][0]!) : null,
    },
    verdict: verdictOf(scores.length === 0 ? null : right.length > scores.length / 2),
    said: saidOf(
      scores,
      `Finetuned, ε = 0.01 is as good as 0.001 and no worse than 0.1 for ${right.length} of ${scores.length} tasks (${scores.map(({ task, right: yes }) => `${task} ${yes ? 'yes' : 'no'}`).join(', ')}).`,
    ),
  };
}

/** What the finetuned network is set beside, and what the paper says of the two. */
interface Rival {
  readonly arm: 'unpruned' | 'scratch';
  readonly claim: string;
  readonly named: string;
  /** Whether it is so for one cut. */
  readonly holds: (own: number, other: number, cut: CutResult) => boolean;
}

const WHOLE: Rival = {
  arm: 'unpruned',
  claim: 'Cut and finetuned, it is as good as the whole network finetuned',
  named: 'cut against whole',
  holds: (own, whole, { result }) => (kept(own, whole, result.metric.chance) ?? 0) >= AS_GOOD,
};

const FRESH: Rival = {
  arm: 'scratch',
  claim: 'What the filters know is worth keeping: from scratch the same layers do worse',
  named: 'finetuned against from scratch',
  holds: (own, scratch, { result }) => gain(own, scratch, result.metric) > 0,
};

function claimBeside(at: readonly CutResult[], { arm, claim, named, holds }: Rival): Claim {
  const told = at.flatMap((cut) => {
    const [own, other] = [armOf(cut, 'finetuned'), armOf(cut, arm)];
    return own && other ? [{ cut, own: own.metric, other: other.metric }] : [];
  });
  const so = told.filter(({ cut, own, other }) => holds(own, other, cut));
  const pairs = told.map(({ cut: { result }, own, other }) => {
    const { name } = result.metric;
    return `${result.task} ${shown(own, name)} against ${shown(other, name)}`;
  });
  return {
    ...{ place: '§8, Table 2', claim, figure: at[0] ? figureOf(at[0]) : null },
    verdict: verdictOf(told.length === 0 ? null : so.length > told.length / 2),
    said: saidOf(told, `At ε = 0.01, ${named}: ${pairs.join('; ')}.`),
  };
}

/** Not of the paper: its rule beside today's default criterion. */
function defaultClaim(at: readonly CutResult[]): Claim {
  const told = at.flatMap(({ result }) => {
    const damage = result.criteria.find(({ criterion }) => criterion === 'damage');
    const own = result.arms.find(({ arm }) => arm === 'finetuned');
    return damage?.finetuned !== undefined && own ? [{ result, damage: damage.finetuned, own: own.metric }] : [];
  });
  const better = told.filter(({ result, damage, own }) => gain(own, damage, result.metric) >= 0);
  return {
    ...{
      place: '§6',
      claim: "The paper's rule chooses filters at least as well as damage at equal multiply-accumulates",
      figure: at[0] ? figureOf(at[0]) : null,
    },
    verdict: verdictOf(told.length === 0 ? null : better.length > told.length / 2),
    said: saidOf(
      told,
      `At ε = 0.01, the rule against damage: ${told.map(({ result, damage, own }) => `${result.task} ${shown(own, result.metric.name)} against ${shown(damage, result.metric.name)}`).join('; ')}.`,
    ),
  };
}

function sizeClaim(cut: CutResult, paper: { readonly macs: number; readonly bytes: number }, place: string): Claim {
  const [macs, bytes] = [removed(cut.result, 'macs'), removed(cut.result, 'bytes')];
  const isLight = cut.network.startsWith('light');
  const { task, bestLayer } = cut.result;
  const gone = `At ε = 0.01 ${percent(macs)} fewer multiply-accumulates and ${percent(bytes)} smaller, up to ${bestLayer}`;
  return {
    ...{ place, figure: isLight ? 'latency' : figureOf(cut) },
    claim: `${isLight ? 'LightCNN' : 'VGG-Face'} for ${task}: ${percent(paper.macs)} fewer FLOPs, ${percent(paper.bytes)} smaller`,
    verdict: verdictOf(isRead(cut) ? macs >= paper.macs && bytes >= paper.bytes : null),
    said: isRead(cut)
      ? `${gone}; these networks have no fully connected layers to lose.`
      : `${gone}: the network tells next to nothing of ${task}, so that nothing has to be kept.`,
  };
}

function fasterClaim(at: readonly CutResult[]): Claim {
  const ratios = at.map(({ result }) => ({ task: result.task, ratio: speedUp(result) }));
  return {
    ...{ place: '§8, Fig. 10', claim: 'Inference is ten times faster', figure: at.length === 0 ? null : 'latency' },
    verdict: verdictOf(ratios.length === 0 ? null : mean(ratios.map(({ ratio }) => ratio)) >= PAPER_SPEED_UP),
    said: saidOf(
      ratios,
      `At ε = 0.01, one image, median: ${ratios.map(({ task, ratio }) => `${task} ${ratio.toFixed(1)} times`).join(', ')}.`,
    ),
  };
}

/** The bar that the same authors' later work set: −97 % size, −94 % time at 99.5 % of the transfer accuracy. */
export function smallClaim({ small }: Reproduction): readonly Claim[] {
  const told = small.map((cut) => {
    const { result, head, finetuned } = cut;
    const share = result.metric.higherIsBetter ? finetuned / head : head / finetuned;
    return { task: result.task, share, time: timeGone(cut), size: removed(result, 'parameters') };
  });
  const good = told.filter(({ share, size }) => share >= ETL.kept && size >= ETL.size);
  const fast = good.filter(({ time }) => time >= ETL.latency);
  const figures = told.map(
    ({ task, share, time, size }) => `${task} ${percent(share)} at −${percent(size)} size and −${percent(time)} time`,
  );
  const decide = (count: number): boolean | null => (told.length === 0 ? null : count / told.length >= ETL.tasks);
  return [
    {
      ...{
        place: 'ETL, VISAPP 2022',
        claim: '97 % smaller at 99.5 % of the accuracy of transfer learning',
        figure: null,
      },
      verdict: verdictOf(decide(good.length)),
      said:
        told.length === 0
          ? 'No small network was made.'
          : `${good.length} of ${told.length} tasks: ${figures.join('; ')}.`,
    },
    {
      ...{ place: 'ETL, VISAPP 2022', claim: 'and 94 % faster', figure: told.length === 0 ? null : 'throughput' },
      verdict: verdictOf(decide(fast.length)),
      said:
        told.length === 0
          ? 'No small network was made.'
          : `${fast.length} of ${told.length} tasks reach both${small[0]!.throughput.batch === 1 ? '' : `, in batches of ${small[0]!.throughput.batch}`}.`,
    },
  ];
}

export function agnosticClaim({ agnostic }: Reproduction): readonly Claim[] {
  const claim = 'A network can be made agnostic to a task by removing the filters that carry it';
  const place = '§9, proposed';
  const avoided = agnostic?.tasks.find(({ role }) => role === 'avoided');
  const wanted = agnostic?.tasks.find(({ role }) => role === 'wanted');
  if (!avoided || !wanted) {
    return [
      { place, claim, figure: null, verdict: 'cannot be told', said: 'There is no task of identity to take out.' },
    ];
  }
  const left = kept(avoided.after, avoided.before, avoided.chance) ?? 0;
  const stays = kept(wanted.after, wanted.before, wanted.chance) ?? 0;
  const say = (entry: typeof avoided): string =>
    `${entry.task} ${shown(entry.before, entry.metric)} to ${shown(entry.after, entry.metric)}${isShare(entry.metric) ? ` (chance ${shown(entry.chance, entry.metric)})` : ''}`;
  return [
    {
      ...{ place, claim, figure: 'agnostic' },
      // What could not be read before says nothing of what was taken out.
      verdict: verdictOf(gain(avoided.before, avoided.chance, avoided) > 0 ? left < 0.5 && stays > 0.9 : null),
      said: `A linear probe reads ${say(avoided)}, and ${say(wanted)}: ${percent(Math.max(0, left))} of what was above chance is left of the one, ${percent(Math.max(0, stays))} of the other.`,
    },
  ];
}
