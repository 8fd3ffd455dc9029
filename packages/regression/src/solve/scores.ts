/**
 * What a linear model says: rows × targets of xᵀw + b.
 * @param responses N × filters; `rows` the rows wanted; `weights` targets × filters; `intercepts` one per target
 */
export function linearScores(
  responses: Float32Array,
  rows: Int32Array,
  weights: Float64Array,
  intercepts: Float64Array,
): Float64Array {
  const targets = intercepts.length;
  const filters = weights.length / targets;
  const scores = new Float64Array(rows.length * targets);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * filters;
    let t = 0;
    // Four sums at once do not wait for each other; each is added up in the same order as alone.
    for (; t + 4 <= targets; t += 4) {
      let [a, b, c, d] = [intercepts[t]!, intercepts[t + 1]!, intercepts[t + 2]!, intercepts[t + 3]!];
      for (let j = 0, at = t * filters; j < filters; j++, at++) {
        const response = responses[from + j] as number;
        a += response * (weights[at] as number);
        b += response * (weights[at + filters] as number);
        c += response * (weights[at + 2 * filters] as number);
        d += response * (weights[at + 3 * filters] as number);
      }
      const to = i * targets + t;
      scores[to] = a;
      scores[to + 1] = b;
      scores[to + 2] = c;
      scores[to + 3] = d;
    }
    for (; t < targets; t++) {
      let sum = intercepts[t] as number;
      for (let j = 0, at = t * filters; j < filters; j++, at++)
        sum += (responses[from + j] as number) * (weights[at] as number);
      scores[i * targets + t] = sum;
    }
  }
  return scores;
}
