/**
 * Spearman's ρ of two lists of as many numbers: the correlation of their ranks, equal numbers sharing the mean of theirs. Null for less than two pairs, or where one
 * of the lists is all equal.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const middle = (x.length + 1) / 2;
  let [both, first, second] = [0, 0, 0];
  x.forEach((rank, i) => {
    const other = y[i]! - middle;
    both += (rank - middle) * other;
    first += (rank - middle) ** 2;
    second += other ** 2;
  });
  return first > 0 && second > 0 ? both / Math.sqrt(first * second) : null;
}

/** From 1. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let k = from; k < to; k++) ranks[order[k]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
