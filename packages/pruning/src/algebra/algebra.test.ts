import { seededRandom } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { orthonormalRows } from './orthonormal.ts';
import { congruent, product, transposed } from './products.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

function noise(length: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length }, () => random.normal());
}

function expectClose(found: Float64Array, wanted: Float64Array, digits = 10): void {
  expect(found.length).toBe(wanted.length);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
  expect(worst).toBeLessThan(10 ** -digits);
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
}

const gram = (size: number, rank: number, seed: number): Float64Array => {
  const a = noise(size * rank, seed);
  return product(a, transposed(a, rank), rank);
};

describe('eigenvalues of a symmetric matrix', () => {
  it.each<[string, Float64Array]>([
    ['of one number', Float64Array.of(-3)],
    ['of two', Float64Array.of(1, 4, 4, 1)],
    ['at random', gram(40, 60, 1).map((value, i) => value - (i % 41 === 0 ? 30 : 0))],
    ['of low rank', gram(30, 4, 2)],
    ['all alike', identity(12)],
    ['all nothing', new Float64Array(25)],
    ['diagonal, of many sizes', identity(9).map((value, i) => value * 10 ** -(i / 10))],
  ])('%s', (_, matrix) => {
    const size = Math.sqrt(matrix.length);
    const { values, vectors } = symmetricEigen(matrix);
    expectClose(product(vectors, transposed(vectors, size), size), identity(size));
    const scaled = vectors.map((value, i) => value * values[Math.floor(i / size)]!);
    expectClose(product(transposed(vectors, size), scaled, size), matrix);
    values.forEach((value, i) => expect(value).toBeLessThanOrEqual(values[i - 1] ?? Infinity));
  });

  it('are those of the circulant graph, known in closed form', () => {
    const size = 16;
    const ring = Float64Array.from({ length: size * size }, (_, at) => {
      const apart = Math.abs(Math.floor(at / size) - (at % size));
      return Number(apart === 1 || apart === size - 1);
    });
    const wanted = Float64Array.from({ length: size }, (_, k) => 2 * Math.cos((2 * Math.PI * k) / size));
    expectClose(symmetricEigen(ring).values, wanted.sort().reverse());
  });
});

describe('orthonormal rows', () => {
  it('span, the first of them, what the first of those given do', () => {
    const [size, count] = [9, 6];
    const rows = noise(count * size, 3);
    // Badly scaled, and nearly dependent.
    for (let i = 0; i < size; i++) {
      rows[size + i]! *= 1e6;
      rows[2 * size + i] = rows[i]! + 1e-6 * rows[2 * size + i]!;
    }
    const basis = orthonormalRows(rows, size);
    expectClose(product(basis, transposed(basis, size), size), identity(count));
    for (let k = 1; k <= count; k++) {
      const own = basis.subarray(0, k * size);
      const row = rows.subarray((k - 1) * size, k * size);
      const back = product(product(row, transposed(own, size), size), own, k);
      const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      expectClose(
        back.map((value) => value / length),
        row.map((value) => value / length),
      );
    }
  });

  it('are completed where there are fewer, dependent ones or none', () => {
    const rows = new Float64Array(3 * 5);
    rows.set(noise(5, 4), 0);
    rows.set(rows.subarray(0, 5), 5);
    const basis = orthonormalRows(rows, 5, 5);
    expectClose(congruent(basis, identity(5), 5), identity(5));
  });
});
