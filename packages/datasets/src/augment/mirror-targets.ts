import type { TaskSpec } from '@kneepoint/regression';

/** Targets of one image after mirroring it left to right, in place. `offset`: where the task's targets begin. */
export function mirrorTargets({ mirror }: Pick<TaskSpec, 'mirror'>, targets: Float32Array, offset: number): void {
  if (mirror === undefined || mirror === 'unchanged') return;
  if ('negate' in mirror) {
    for (const target of mirror.negate) targets[offset + target] = -(targets[offset + target] ?? NaN);
    return;
  }
  for (const [left = 0, right = 0] of mirror.swap) {
    const kept = targets[offset + left] ?? NaN;
    targets[offset + left] = targets[offset + right] ?? NaN;
    targets[offset + right] = kept;
  }
}
