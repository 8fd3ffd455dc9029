/** Solves L Lᵀ w = b in place for a lower factor (size × size, row-major). Both passes read the rows of L in order. */
export function solveFactored(factor: Float64Array, size: number, b: Float64Array): void {
  for (let i = 0; i < size; i++) {
    const at = i * size;
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[at + k] as number) * (b[k] as number);
    b[i] = sum / (factor[at + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    const at = i * size;
    const value = (b[i] as number) / (factor[at + i] as number);
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (factor[at + k] as number) * value;
  }
}
