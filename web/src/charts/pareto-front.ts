/** Which points nothing else beats: none costs as little or less and gives as much or more, one of both strictly. */
export function paretoFront(
  points: readonly { readonly cost: number; readonly value: number }[],
  higherIsBetter: boolean,
): readonly boolean[] {
  const sign = higherIsBetter ? 1 : -1;
  return points.map((point) =>
    points.every((other) => {
      const [cheaper, better] = [point.cost - other.cost, sign * (other.value - point.value)];
      return !(cheaper >= 0 && better >= 0 && (cheaper > 0 || better > 0));
    }),
  );
}
