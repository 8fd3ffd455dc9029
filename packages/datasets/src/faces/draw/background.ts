import { type Colour, css } from '../colour.ts';
import type { Scene } from '../scene.ts';

/** Nothing here tells anything about the face. */
export function drawBackground({ random }: Scene): string {
  const colour = (): Colour => [random.between(40, 225), random.between(40, 225), random.between(40, 225)];
  const shapes = Array.from({ length: 3 }, () => {
    const [x, y, r] = [random.between(-50, 50), random.between(-50, 50), random.between(6, 24)];
    return `<ellipse cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" rx="${r.toFixed(1)}" ry="${(r * random.between(0.4, 1.6)).toFixed(1)}" fill="${css(colour())}" opacity="${random.between(0.2, 0.6).toFixed(2)}"/>`;
  });
  return (
    `<linearGradient id="wall" x2="${random.between(-1, 1).toFixed(2)}" y2="1">` +
    `<stop stop-color="${css(colour())}"/><stop offset="1" stop-color="${css(colour())}"/></linearGradient>` +
    `<rect x="-50" y="-50" width="100" height="100" fill="url(#wall)"/>${shapes.join('')}`
  );
}
