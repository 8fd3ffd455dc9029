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
  let i = 0;
  // Two rows by four targets: no sum waits for another, and each weight is fetched once for two. Each sum is in the order it has alone.
  for (; i + 2 <= rows.length; i += 2) {
    const [from, next] = [(rows[i] as number) * filters, (rows[i + 1] as number) * filters];
    let t = 0;
    for (; t + 4 <= targets; t += 4) {
      let [a, b, c, d] = [intercepts[t]!, intercepts[t + 1]!, intercepts[t + 2]!, intercepts[t + 3]!];
      let [e, f, g, h] = [a, b, c, d];
      for (let j = 0, at = t * filters; j < filters; j++, at++) {
        const [x, y] = [responses[from + j] as number, responses[next + j] as number];
        const p = weights[at] as number;
        const q = weights[at + filters] as number;
        const r = weights[at + 2 * filters] as number;
        const s = weights[at + 3 * filters] as number;
        a += x * p;
        b += x * q;
        c += x * r;
        d += x * s;
        e += y * p;
        f += y * q;
        g += y * r;
        h += y * s;
      }
      const to = i * targets + t;
      scores[to] = a;
      scores[to + 1] = b;
      scores[to + 2] = c;
      scores[to + 3] = d;
      scores[to + targets] = e;
      scores[to + targets + 1] = f;
      scores[to + targets + 2] = g;
      scores[to + targets + 3] = h;
    }
    for (; t < targets; t++) {
      scores[i * targets + t] = score(responses, from, weights, t * filters, filters, intercepts[t]!);
      scores[(i + 1) * targets + t] = score(responses, next, weights, t * filters, filters, intercepts[t]!);
    }
  }
  for (; i < rows.length; i++) {
    for (let t = 0; t < targets; t++) {
      const from = (rows[i] as number) * filters;
      scores[i * targets + t] = score(responses, from, weights, t * filters, filters, intercepts[t]!);
    }
  }
  return scores;
}

function score(
  responses: Float32Array,
  from: number,
  weights: Float64Array,
  at: number,
  filters: number,
  intercept: number,
): number {
  let sum = intercept;
  for (let j = 0; j < filters; j++) sum += (responses[from + j] as number) * (weights[at + j] as number);
  return sum;
}
