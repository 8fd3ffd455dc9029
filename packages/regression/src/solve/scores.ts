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
    for (let t = 0; t < targets; t++) {
      let sum = intercepts[t] as number;
      for (let j = 0, at = t * filters; j < filters; j++, at++)
        sum += (responses[from + j] as number) * (weights[at] as number);
      scores[i * targets + t] = sum;
    }
  }
  return scores;
}
