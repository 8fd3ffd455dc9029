/**
 * The lasso path on made responses of 512 filters and 20 000 rows, Gram matrix given, against scikit-learn's Gram kernel:
 *
 *   npx tsx bench/lasso/made.ts
 *
 * Debian's python3-sklearn is needed. One thread each, processor time, the fastest of several runs. Real responses: faces.ts.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  centre,
  type CentredMoments,
  certify,
  type GramProblem,
  groupLambdaMax,
  groupLassoPath,
  lassoPath,
  Moments,
  pilotOf,
  Random,
  sampleLambdas,
  samplePath,
  scalingOf,
} from '@kneepoint/regression';
import { machine } from '../support/machine.ts';
import { NO_RIVAL, processorSeconds, Rival } from '../support/rival.ts';

export interface LassoFigures {
  readonly rival: string;
  readonly knots: number;
  /** Seconds for the path and its 100 samples, seconds to prove these, and the largest relative duality gap found. */
  readonly ours: number;
  readonly certificate: number;
  readonly ourGap: number;
  /** Seconds of scikit-learn at a gap of 1e-4 and of 1e-6, and how many times as long that is. */
  readonly theirs1e4: number;
  readonly theirs1e6: number;
  readonly at1e4: number;
  readonly at1e6: number;
  /** The same with the time of our certificate. */
  readonly certified: { readonly at1e4: number; readonly at1e6: number };
  /** Exact paths of eight targets on one Gram matrix over the path of one. */
  readonly eightTargetsOverOne: number;
  /** One path of all eight targets with common filters (L2,1) over the path of one, at gaps of 1e-4, 1e-6 and 1e-9. */
  readonly groupedOverOne: { readonly at1e4: number; readonly at1e6: number; readonly at1e9: number };
}

const FILTERS = 512;
const ROWS = 20_000;
const TARGETS = 8;
const LAMBDAS = 100;
const ROUNDS = 20;
const RIVAL_ROUNDS = 5;
/** Seconds after which scikit-learn is stopped; it needs less than one here. */
const LIMIT = 60;

/** Measures for about a minute; undefined where scikit-learn is missing. */
export async function lasso(): Promise<LassoFigures | undefined> {
  const rival = new Rival(new URL('rival.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  try {
    const versions = await rival.versions;
    if (versions === undefined) return undefined;
    const moments = madeMoments();
    const problems = Array.from({ length: TARGETS }, (_, target) => problemOf(moments, target));
    const problem = problems[0] as GramProblem;
    const { lambdaMax, lambda } = lassoPath(problem);
    const lambdas = sampleLambdas(lambdaMax, LAMBDAS);
    const solve = (one: GramProblem) => {
      const path = lassoPath(one);
      return samplePath(path, sampleLambdas(path.lambdaMax, LAMBDAS));
    };
    const points = solve(problem);
    const ourGap = Math.max(...certify(problem, points).gap);

    const files = { gram: join(folder, 'gram.bin'), cross: join(folder, 'cross.bin') };
    await writeFile(files.gram, problem.gram);
    await writeFile(files.cross, problem.xty);
    const request = { ...files, yy: problem.yy, lambdas: Array.from(lambdas), limit: LIMIT };
    const theirs = async (tolerance: number) => {
      const { seconds, gaps } = (await rival.ask({ ...request, tolerance })) as { seconds: number; gaps: number[] };
      if (gaps.length < LAMBDAS || Math.max(...gaps) > tolerance) throw new Error(`scikit-learn missed ${tolerance}`);
      return seconds;
    };
    let [ours, certificate, eight, theirs1e4, theirs1e6] = new Array<number>(5).fill(Infinity) as [
      number,
      number,
      number,
      number,
      number,
    ];
    // In turn, so that both meet the same machine.
    for (let round = 0; round < ROUNDS; round++) {
      ours = Math.min(
        ours,
        processorSeconds(() => solve(problem)),
      );
      certificate = Math.min(
        certificate,
        processorSeconds(() => certify(problem, points)),
      );
      eight = Math.min(
        eight,
        processorSeconds(() => problems.forEach(solve)),
      );
      if (round >= RIVAL_ROUNDS) continue;
      theirs1e4 = Math.min(theirs1e4, await theirs(1e-4));
      theirs1e6 = Math.min(theirs1e6, await theirs(1e-6));
    }
    const grouped = (tolerance: number) => secondsGrouped(moments, tolerance) / ours;
    return {
      rival: versions,
      knots: lambda.length,
      ours,
      certificate,
      ourGap,
      theirs1e4,
      theirs1e6,
      at1e4: theirs1e4 / ours,
      at1e6: theirs1e6 / ours,
      certified: { at1e4: theirs1e4 / (ours + certificate), at1e6: theirs1e6 / (ours + certificate) },
      eightTargetsOverOne: eight / ours,
      groupedOverOne: { at1e4: grouped(1e-4), at1e6: grouped(1e-6), at1e9: grouped(1e-9) },
    };
  } finally {
    rival.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rectified responses that share factors, as those of a layer do, and targets that each read a fifth of the filters. */
function madeMoments(): CentredMoments {
  const random = Random.seeded(512, 20_000);
  const factors = 64;
  const loading = Float64Array.from({ length: factors * FILTERS }, () => random.normal() / Math.sqrt(factors));
  const weights = Float64Array.from({ length: TARGETS * FILTERS }, () => (random.below(5) === 0 ? random.normal() : 0));
  const responses = new Float32Array(ROWS * FILTERS);
  const labels = new Float64Array(ROWS * TARGETS);
  const common = new Float64Array(factors);
  for (let i = 0; i < ROWS; i++) {
    for (let f = 0; f < factors; f++) common[f] = random.normal();
    for (let j = 0; j < FILTERS; j++) {
      let value = 0.5 * random.normal();
      for (let f = 0; f < factors; f++) value += (common[f] as number) * (loading[f * FILTERS + j] as number);
      responses[i * FILTERS + j] = Math.max(0, value);
    }
    for (let t = 0; t < TARGETS; t++) {
      let value = 3 * random.normal();
      for (let j = 0; j < FILTERS; j++)
        value += (weights[t * FILTERS + j] as number) * (responses[i * FILTERS + j] as number);
      labels[i * TARGETS + t] = value;
    }
  }
  const all = Int32Array.from({ length: ROWS }, (_, row) => row);
  const moments = new Moments(pilotOf(responses, FILTERS, labels, TARGETS, all)).add(responses, labels, all);
  return centre(moments, scalingOf(moments));
}

function problemOf({ gram, cross, squares }: CentredMoments, target: number): GramProblem {
  const xty = cross.slice(target * FILTERS, (target + 1) * FILTERS);
  return { p: FILTERS, gram, xty, yy: squares[target] as number };
}

function secondsGrouped({ gram, cross, squares }: CentredMoments, tolerance: number): number {
  const xty = new Float64Array(FILTERS * TARGETS);
  for (let j = 0; j < FILTERS; j++)
    for (let t = 0; t < TARGETS; t++) xty[j * TARGETS + t] = cross[t * FILTERS + j] as number;
  const problem = { p: FILTERS, targets: TARGETS, gram, xty, yy: squares.reduce((a, b) => a + b, 0) };
  const lambdas = sampleLambdas(groupLambdaMax(problem), LAMBDAS);
  const solve = () => {
    if (groupLassoPath(problem, lambdas, { tolerance }).failed.length > 0) throw new Error(`we missed ${tolerance}`);
  };
  return Math.min(processorSeconds(solve), processorSeconds(solve));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(machine());
  const figures = await lasso();
  if (figures === undefined) {
    console.error(NO_RIVAL);
    process.exitCode = 2;
  } else {
    const { certified, groupedOverOne, ...rest } = figures;
    const labelled = (label: string, values: Record<string, number>) =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [`${label} ${key}`, value]));
    console.table({ ...rest, ...labelled('certified', certified), ...labelled('grouped', groupedOverOne) });
    console.log(JSON.stringify(figures));
  }
}
