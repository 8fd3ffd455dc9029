/** What is left of a row, as a share of its length, below which the rows before it are taken to span it. */
const SPANNED = 1e-9;

/**
 * An orthonormal basis of rows in which the first k span what the first k given ones do: Gram–Schmidt, each row orthogonalised twice (twice is
 * enough: Parlett 1980). Where rows depend on those before them, and where there are fewer than wanted, any direction that is left takes the place.
 * @param rows n × size, row-major; not changed
 * @param wanted rows of the basis, at most `size`
 */
export function orthonormalRows(rows: Float64Array, size: number, wanted = rows.length / size): Float64Array {
  const basis = new Float64Array(wanted * size);
  const given = rows.length / size;
  let axis = 0;
  for (let at = 0; at < wanted; at++) {
    const row = basis.subarray(at * size, (at + 1) * size);
    let found = at < given && placed(basis, at, row, rows.subarray(at * size, (at + 1) * size));
    // Each axis is either spanned already or becomes a row: one pass over them is always enough.
    while (!found) {
      const unit = new Float64Array(size);
      unit[axis++] = 1;
      found = placed(basis, at, row, unit, 1e-3);
    }
  }
  return basis;
}

/** Writes what a vector adds to the rows before `at`, at length 1. Gives false where it adds nothing. */
function placed(
  basis: Float64Array,
  at: number,
  row: Float64Array,
  vector: Float64Array,
  least: number = SPANNED,
): boolean {
  const size = row.length;
  const before = length(vector);
  if (before === 0) return false;
  for (let i = 0; i < size; i++) row[i] = vector[i]! / before;
  for (let pass = 0; pass < 2; pass++) {
    for (let other = 0; other < at; other++) {
      const from = other * size;
      let dot = 0;
      for (let i = 0; i < size; i++) dot += basis[from + i]! * row[i]!;
      for (let i = 0; i < size; i++) row[i]! -= dot * basis[from + i]!;
    }
    const left = length(row);
    if (left < (pass === 0 ? least : 1 / 2)) return false;
    for (let i = 0; i < size; i++) row[i]! /= left;
  }
  return true;
}

function length(vector: Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}
