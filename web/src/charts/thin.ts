export type Point = readonly [x: number, y: number];

/** Units of a drawing by which a line may differ from all its points: less than anybody sees. */
const TOLERANCE = 0.2;

/** The points that a line needs to be drawn as all of them draw it (Ramer, Douglas and Peucker); its ends are always among them. */
export function thin(points: readonly Point[], tolerance = TOLERANCE): readonly Point[] {
  if (points.length < 3) return points;
  const kept = new Set([0, points.length - 1]);
  const open: (readonly [number, number])[] = [[0, points.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    let farthest = -1;
    let most = tolerance;
    for (let at = from + 1; at < to; at += 1) {
      const away = distance(points[at]!, points[from]!, points[to]!);
      if (away > most) [farthest, most] = [at, away];
    }
    if (farthest === -1) continue;
    kept.add(farthest);
    open.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, at) => kept.has(at));
}

/** Of a point from the stretch between two others. */
function distance([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [acrossX, acrossY] = [toX - fromX, toY - fromY];
  const square = acrossX ** 2 + acrossY ** 2;
  const share = square === 0 ? 0 : ((x - fromX) * acrossX + (y - fromY) * acrossY) / square;
  const along = Math.min(1, Math.max(0, share));
  return Math.hypot(x - fromX - along * acrossX, y - fromY - along * acrossY);
}
