import type { ServiceParts, StepHandler } from '@kneepoint/platform';
import { BENCHMARK, REPORT } from '@kneepoint/workflow';
import { benchmark } from './benchmark.ts';
import { report } from './report.ts';

/** What the trainer does beside training: it times networks, and reports on a compression. */
export function reportHandlers(parts: ServiceParts): Readonly<Record<string, StepHandler>> {
  return { [REPORT.kind]: report(parts), [BENCHMARK.kind]: benchmark(parts) };
}
