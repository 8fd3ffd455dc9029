import { describe, expect, it } from 'vitest';
import { type Point, thin } from './thin.ts';

describe('a line of fewer points', () => {
  it('keeps its ends and its corners, and leaves out what lies between them', () => {
    const corner = Array.from({ length: 101 }, (_, at): Point => [at, Math.max(0, at - 50)]);
    expect(thin(corner)).toEqual([
      [0, 0],
      [50, 0],
      [100, 50],
    ]);
  });

  it('is nowhere farther from a point that it leaves out than it may be, also where it goes back', () => {
    const points = Array.from({ length: 300 }, (_, at): Point => [
      at + 20 * Math.sin(at / 9),
      100 / (1 + at) + Math.sin(at / 17),
    ]);
    const drawn = thin(points);
    expect(drawn.length).toBeLessThan(100);
    const away = points.map(([x, y]) => Math.min(...drawn.slice(1).map((to, at) => stretch([x, y], drawn[at]!, to))));
    expect(Math.max(...away)).toBeLessThan(0.21);
  });

  it('leaves lines of no or few points alone', () => {
    expect(thin([])).toEqual([]);
    expect(thin([[1, 2]])).toEqual([[1, 2]]);
  });
});

/** The least distance of a point from a thousand points between two others. */
function stretch([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  let least = Infinity;
  for (let step = 0; step <= 1000; step += 1) {
    const share = step / 1000;
    least = Math.min(least, Math.hypot(x - fromX - share * (toX - fromX), y - fromY - share * (toY - fromY)));
  }
  return least;
}
