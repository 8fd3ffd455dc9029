import type { Manifest } from '@kneepoint/datasets';
import { fitHead, metricOf, type TaskSpec } from '@kneepoint/regression';
import { type MeasuredResult, type ReportReadability, splitParts } from '@kneepoint/workflow';
import { chanceOf, partsWith } from './probe-data.ts';

/** What a linear probe reads of wanted and avoided tasks before and after the cut: all on one split of the images, each with a probe of its own. */
export function readability(
  manifest: Manifest,
  { wanted, avoided }: { readonly wanted: readonly TaskSpec[]; readonly avoided: readonly TaskSpec[] },
  { before, after }: { readonly before: Float32Array; readonly after: Float32Array },
  seed: number,
): MeasuredResult['avoidance'] {
  if (avoided.length === 0) return null;
  const parts = splitParts(manifest, [...wanted, ...avoided], seed);
  const read = (spec: TaskSpec, role: ReportReadability['role']): ReportReadability => {
    const task = { spec, labels: manifest.labels[spec.name]! };
    const own = partsWith(task, parts);
    const probe = (responses: Float32Array): number =>
      fitHead({ responses, labels: task.labels, task: spec, split: parts.split }).metrics.test;
    return {
      task: spec.name,
      role,
      ...metricOf(spec),
      images: own.test.length,
      chance: chanceOf(task, own),
      before: probe(before),
      after: probe(after),
    };
  };
  return {
    by: parts.by,
    tasks: [...wanted.map((spec) => read(spec, 'wanted')), ...avoided.map((spec) => read(spec, 'avoided'))],
  };
}
