import { Failure } from '@kneepoint/failures';
import type { CentredMoments } from '../statistics/centre.ts';
import type { Trace } from './trace.ts';

export function traceGroupLasso(train: CentredMoments, count: number): Trace {
  throw new Failure('REGRESSION_KERNEL_MISSING', `no grouped path of ${train.targets} targets and ${count} samples`);
}
