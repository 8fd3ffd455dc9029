import type { Random } from '@kneepoint/onnx';
import { elementCount } from '@kneepoint/onnx';

/** Makes the numbers of one operand of a gradient check, row-major. */
export type Draw = (dims: readonly number[], random: Random) => readonly number[];

/** Standard normal numbers. */
export const normal: Draw = (dims, random) => fill(dims, () => random.normal());

/** Uniform in [low, high). */
export const between =
  (low: number, high: number): Draw =>
  (dims, random) =>
    fill(dims, () => low + (high - low) * random.uniform());

/** Normal numbers pushed at least `gap` away from each of the points, where an operator has a corner. */
export const awayFrom =
  (points: readonly number[], gap = 0.05): Draw =>
  (dims, random) =>
    fill(dims, () => {
      for (;;) {
        const value = 1.5 * random.normal();
        if (points.every((point) => Math.abs(value - point) >= gap)) return value;
      }
    });

/** A random order of evenly spaced numbers around zero, so that no two are closer than `gap`: no ties for a maximum. */
export const distinct =
  (gap = 0.05): Draw =>
  (dims, random) => {
    const values = Array.from({ length: elementCount(dims) }, (_, i) => i);
    for (let i = values.length - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
    return values.map((value) => gap * (value - (values.length - 1) / 2));
  };

/** Whole numbers from 0 to `count` − 1: many ties. */
export const integers =
  (count: number): Draw =>
  (dims, random) =>
    fill(dims, () => Math.floor(count * random.uniform()));

function fill(dims: readonly number[], next: () => number): number[] {
  return Array.from({ length: elementCount(dims) }, next);
}
