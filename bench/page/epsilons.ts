const [LEAST, MOST, POINTS] = [0.001, 0.3, 41];

/** The thresholds that a gateway plans for when a page asks for all of them. */
export function epsilons(): readonly number[] {
  return Array.from({ length: POINTS }, (_, at) =>
    Number((LEAST * (MOST / LEAST) ** (at / (POINTS - 1))).toPrecision(3)),
  );
}
