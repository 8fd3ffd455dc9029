/** Largest difference of two tensors over the largest number of the one that is believed; 0 where that is zero everywhere. */
export function relativeDifference(expected: Float32Array, got: Float32Array): number {
  let [largest, apart] = [0, 0];
  expected.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    apart = Math.max(apart, Math.abs(value - got[i]!));
  });
  return largest === 0 ? 0 : apart / largest;
}
