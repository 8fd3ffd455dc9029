import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataSet } from './data-sets.ts';

/** Solver → data set → coefficients at each λ, λ after λ (lambdas × p, row-major). */
export type RivalPaths = Record<string, Record<string, Float64Array>>;

export interface RivalRun {
  readonly versions: readonly string[];
  readonly paths: RivalPaths;
}

const here = fileURLToPath(new URL('.', import.meta.url));
/** Debian's Python, which has Debian's scikit-learn, goes before one that a person put first in the PATH. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const SOLVERS = { cd: 'scikit-learn lasso_path', lars: 'scikit-learn lars_path_gram', glmnet: 'glmnet' };

/** Runs scikit-learn and glmnet on the data sets; undefined when one of them is not installed. */
export function runRivals(sets: readonly DataSet[], lambdas: ReadonlyMap<string, Float64Array>): RivalRun | undefined {
  if (!works(PYTHON, ['-c', 'import sklearn']) || !works('Rscript', ['-e', 'library(glmnet)'])) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'kneepoint-rivals-'));
  try {
    const files = sets.map(({ name }) => name.replaceAll(' ', '-'));
    sets.forEach((set, i) => {
      const write = (suffix: string, values: Float64Array) =>
        writeFileSync(
          join(folder, `${files[i]}.${suffix}`),
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        );
      write('x', set.x);
      write('y', set.y);
      write('lambda', lambdas.get(set.name) as Float64Array);
    });
    const run = (command: string, script: string) =>
      execFileSync(command, [join(here, script), folder, ...files], {
        encoding: 'utf8',
        env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim();
    const versions = [run(PYTHON, 'rivals.py'), run('Rscript', 'rivals.R')];
    const paths: RivalPaths = {};
    for (const [suffix, solver] of Object.entries(SOLVERS))
      paths[solver] = Object.fromEntries(
        sets.map(({ name }, i) => {
          const bytes = readFileSync(join(folder, `${files[i]}.${suffix}`));
          return [name, new Float64Array(new Uint8Array(bytes).buffer)];
        }),
      );
    return { versions, paths };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
