import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lassoPath, sampleLambdas } from '@kneepoint/regression';
import { type DataSet, dataSets } from './data-sets.ts';
import { type RivalRun, runRivals } from './rivals.ts';

// `npx tsx test/agreement/lasso/figures.ts` runs the rivals and writes figures.json, for machines without them.

export const SAMPLES = 100;
/** Of the samples, those whose coefficients are kept in figures.json. */
export const KEPT = [1, 12, 24, 36, 48, 60, 72, 84, 99];

const FILE = fileURLToPath(new URL('figures.json', import.meta.url));

interface Figures {
  readonly command: string;
  readonly versions: readonly string[];
  readonly coefficients: Record<string, Record<string, number[][]>>;
}

export function lambdasOf(sets: readonly DataSet[]): Map<string, Float64Array> {
  return new Map(sets.map(({ name, problem }) => [name, sampleLambdas(lassoPath(problem).lambdaMax, SAMPLES)]));
}

/** The kept figures: for each solver and data set the coefficients at the samples of KEPT. */
export function readFigures(): Figures {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Figures;
}

export function figuresOf(sets: readonly DataSet[], run: RivalRun): Figures {
  const coefficients: Figures['coefficients'] = {};
  for (const [solver, paths] of Object.entries(run.paths)) {
    coefficients[solver] = {};
    for (const { name, p } of sets)
      coefficients[solver][name] = KEPT.map((k) =>
        Array.from((paths[name] as Float64Array).subarray(k * p, (k + 1) * p), (w) => Number(w.toPrecision(13))),
      );
  }
  return { command: 'npx tsx test/agreement/lasso/figures.ts', versions: run.versions, coefficients };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sets = dataSets();
  const run = runRivals(sets, lambdasOf(sets));
  if (run === undefined) throw new Error('scikit-learn or glmnet is not installed');
  writeFileSync(FILE, `${JSON.stringify(figuresOf(sets, run))}\n`);
  process.stdout.write(`${existsSync(FILE) ? 'wrote' : 'missing'} ${FILE}\n${run.versions.join('\n')}\n`);
}
