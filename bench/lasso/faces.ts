/**
 * The lasso path on real, nearly collinear responses against scikit-learn's Gram kernel, Gram matrix given:
 *
 *   KNEEPOINT_DATA=/path/to/data npx tsx bench/lasso/faces.ts
 *
 * The folder is that of bench/results/photographs.ts; Debian's python3-sklearn is needed. One thread each, processor time.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  centre,
  certify,
  type GramProblem,
  lassoPath,
  Moments,
  pilotOf,
  sampleLambdas,
  samplePath,
  scalingOf,
} from '@kneepoint/regression';
import { type FaceResponses, faceResponses } from './face-responses.ts';
import { machine } from '../support/machine.ts';
import { NO_RIVAL, processorSeconds, Rival } from '../support/rival.ts';

export interface FaceLassoFigures {
  readonly rival: string;
  readonly layer: string;
  readonly rows: number;
  readonly filters: number;
  readonly knots: number;
  /** Seconds for the path, its samples and their certificates. */
  readonly ours: number;
  /** Largest relative duality gap. */
  readonly ourGap: number;
  readonly theirs: number;
  /** Largest relative duality gap among the λ it came to. */
  readonly theirGap: number;
  /** How many of the λ it solved to a relative gap of 1e-4 before it was stopped. */
  readonly reached: number;
  readonly lambdas: number;
  /** How many times as fast this is; a lower bound where not all λ were reached. */
  readonly ratio: number;
}

const LAMBDAS = 100;
const ROUNDS = 10;
const TOLERANCE = 1e-4;
/** Seconds of processor time after which scikit-learn is stopped. */
const LIMIT = 120;

/** Measures for up to three minutes; undefined where scikit-learn is missing. Throws when `data` lacks the model or the faces. */
export async function faceLasso(data: string): Promise<FaceLassoFigures | undefined> {
  const rival = new Rival(new URL('rival.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  try {
    const versions = await rival.versions;
    if (versions === undefined) return undefined;
    const faces = await faceResponses(data);
    const problem = problemOf(faces);
    const path = lassoPath(problem);
    const lambdas = sampleLambdas(path.lambdaMax, LAMBDAS);
    const solve = () => certify(problem, samplePath(lassoPath(problem), lambdas));
    const { gap } = solve();
    const ours = Math.min(...Array.from({ length: ROUNDS }, () => processorSeconds(solve)));
    const files = { gram: join(folder, 'gram.bin'), cross: join(folder, 'cross.bin') };
    await writeFile(files.gram, problem.gram);
    await writeFile(files.cross, problem.xty);
    const request = { ...files, yy: problem.yy, lambdas: Array.from(lambdas), tolerance: TOLERANCE, limit: LIMIT };
    const { seconds, gaps } = (await rival.ask(request)) as { seconds: number; gaps: number[] };
    const { layer, rows, filters } = faces;
    return {
      rival: versions,
      layer,
      rows,
      filters,
      knots: path.lambda.length,
      ours,
      ourGap: Math.max(...gap),
      theirs: seconds,
      theirGap: Math.max(...gaps),
      reached: gaps.filter((value) => value <= TOLERANCE).length,
      lambdas: LAMBDAS,
      ratio: seconds / ours,
    };
  } finally {
    rival.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** All rows train: the curve on the training images. */
function problemOf({ responses, labels, rows, filters }: FaceResponses): GramProblem {
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const moments = new Moments(pilotOf(responses, filters, labels, 1, all)).add(responses, labels, all);
  const { gram, cross, squares } = centre(moments, scalingOf(moments));
  return { p: filters, gram, xty: cross, yy: squares[0] ?? 0 };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const data = process.env['KNEEPOINT_DATA'];
  if (data === undefined) {
    console.error('NOT RUN: KNEEPOINT_DATA names no folder');
    process.exit(2);
  }
  console.log(machine());
  console.log((await faceLasso(data)) ?? NO_RIVAL);
}
