/** Whether target `target` of `labels` (rows × targets) takes at least two values; missing labels do not count. */
export function varies(labels: Float64Array, targets: number, target: number): boolean {
  let seen: number | undefined;
  for (let at = target; at < labels.length; at += targets) {
    const value = labels[at] ?? NaN;
    if (Number.isNaN(value)) continue;
    if (seen !== undefined && value !== seen) return true;
    seen = value;
  }
  return false;
}
