import { certify } from './certify.ts';
import { lassoPath } from './lasso-path.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import { samplePath } from './sample-path.ts';

const FILTERS = 96;
const ROUNDS = 4;

/**
 * Compiles the kernels and has the engine optimise them on a small problem, some 20 ms: without it the first path of a process
 * takes two to four times as long as the next ones. Throws REGRESSION_KERNEL_MISSING.
 */
export function warmUp(): void {
  const gram = Float64Array.from(
    { length: FILTERS * FILTERS },
    (_, k) => 0.8 ** Math.abs((k % FILTERS) - Math.floor(k / FILTERS)),
  );
  const xty = Float64Array.from({ length: FILTERS }, (_, j) => gram[j] as number);
  const problem = {
    p: FILTERS,
    gram,
    xty: xty.map((c, j) => c + (gram[(FILTERS - 1) * FILTERS + j] as number)),
    yy: 3,
  };
  for (let round = 0; round < ROUNDS; round++) {
    const path = lassoPath(problem);
    certify(problem, samplePath(path, sampleLambdas(path.lambdaMax)));
  }
}
