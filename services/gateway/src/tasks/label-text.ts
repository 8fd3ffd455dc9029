import { KINDS, type TaskSpec } from '@kneepoint/regression';

/**
 * The label of one image as people say it: a value with its unit, a class, or those of several labels that hold; null where it has none.
 * @param labels images × targets, NaN where a label is missing
 */
export function labelText(spec: TaskSpec, labels: Float64Array, row: number): string | null {
  const targets = spec.targets.length;
  const own = labels.subarray(row * targets, (row + 1) * targets);
  const kind = KINDS[spec.type];
  if (kind.partial ? own.every(Number.isNaN) : own.some(Number.isNaN)) return null;
  if (spec.type === 'continuous' || spec.type === 'ordered') {
    const unit = spec.unit === undefined ? '' : ` ${spec.unit}`;
    return Array.from(own, (value) => `${Number(value.toPrecision(4))}${unit}`).join(', ');
  }
  const names = kind.classNames(spec)!;
  const [truth] = [kind.decide(own, spec, [])];
  if (kind.columns(spec) === 1) return names[truth[0]!] ?? null;
  const held = names.filter((_, id) => truth[id] === 1);
  return held.length === 0 ? 'none' : held.join(', ');
}
