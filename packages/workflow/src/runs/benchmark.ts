import { randomUUID } from 'node:crypto';
import { contentKey, type StepPlan } from '@kneepoint/platform';
import { BENCHMARK, type BenchmarkInput } from '../steps/benchmark.ts';

/** A measurement is of its moment and its machine, so it has a key of its own and always runs. */
export function planBenchmark(input: BenchmarkInput): readonly StepPlan[] {
  return [
    {
      ref: BENCHMARK.kind,
      kind: BENCHMARK.kind,
      service: BENCHMARK.service,
      timeoutSeconds: BENCHMARK.timeoutSeconds,
      name: `time ${input.networks.map(({ name }) => name).join(', ')}`,
      key: contentKey(BENCHMARK.kind, BENCHMARK.version, { unique: randomUUID() }),
      input,
      dependsOn: [],
    },
  ];
}
