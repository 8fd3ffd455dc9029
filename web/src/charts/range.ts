/** The least and the largest of numbers, with a little room on both sides; 0 to 1 where there are none. */
export function rangeOf(values: readonly number[], room = 0.05): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = (high - low || Math.abs(high) || 1) * room;
  return [low - more, high + more];
}
