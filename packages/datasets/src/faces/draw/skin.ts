import { css, darker, lighter } from '../colour.ts';
import type { Scene } from '../scene.ts';

/** The skin of the head, lit from one side. */
export function drawSkin({ head, skin, light }: Scene): string {
  return (
    `<radialGradient id="skin" cx="${(0.5 + 0.3 * light).toFixed(2)}" cy=".38" r=".75">` +
    `<stop stop-color="${css(lighter(skin, 0.14))}"/><stop offset=".55" stop-color="${css(skin)}"/>` +
    `<stop offset="1" stop-color="${css(darker(skin, 0.42))}"/></radialGradient>` +
    `<path d="${head.outline()}" fill="url(#skin)"/>`
  );
}

/** The ear on one side, if it is on the near side of the head (`near`) or the far one. */
export function drawEars({ head, skin, truth }: Scene, near: boolean): string {
  return [-1, 1]
    .filter((side) => side * truth.yaw < 0 === near)
    .map((side) => {
      const earring = truth.accessories.has('earrings') ? drawEarring(head.earlobe(side)) : '';
      return (
        `<path d="${head.ear(side, 1)}" fill="${css(darker(skin, 0.12))}"/>` +
        `<path d="${head.ear(side, 0.55)}" fill="${css(darker(skin, 0.35))}"/>${earring}`
      );
    })
    .join('');
}

function drawEarring({ x, y }: { x: number; y: number }): string {
  const place = `cx="${x.toFixed(1)}" cy="${(y + 2).toFixed(1)}"`;
  return `<circle ${place} r="2.7" fill="#f6d860" stroke="#7a5a10" stroke-width=".7"/><circle ${place} r="1" fill="#fffbe8"/>`;
}

/** Lines and bags that come with the years. */
export function drawWrinkles({ head, aged, shade, eyeLine, mouthLine, expression, person }: Scene): string {
  if (aged < 0.05) return '';
  const lines: string[] = [];
  for (const down of [-0.5, -0.42, -0.34]) {
    lines.push(head.path`M${[-0.42, down + 0.02]} Q${[0, down - 0.03]} ${[0.42, down + 0.02]}`);
  }
  for (const side of [-1, 1]) {
    const x = (across: number): number => side * across;
    const eye = person.eyeDistance;
    if (!head.shows([x(0.4), 0.3])) continue;
    lines.push(head.path`M${[x(0.2), 0.34]} Q${[x(0.4), 0.42]} ${[x(0.44), mouthLine + 0.06]}`);
    lines.push(
      head.path`M${[x(eye - 0.15), eyeLine + 0.12]} Q${[x(eye), eyeLine + 0.2]} ${[x(eye + 0.17), eyeLine + 0.11]}`,
    );
    for (const tilt of [-0.07, 0, 0.07]) {
      lines.push(head.path`M${[x(eye + 0.25), eyeLine + tilt / 3]} L${[x(eye + 0.38), eyeLine + tilt]}`);
    }
    lines.push(head.path`M${[x(0.36), mouthLine + 0.12]} L${[x(0.38), 0.84]}`);
  }
  const strength = Math.min(0.95, aged * (1.05 + 0.1 * expression.mouthCurve));
  return `<path d="${lines.join('')}" fill="none" stroke="${css(shade)}" stroke-width="${(0.6 + 0.9 * aged).toFixed(2)}" opacity="${strength.toFixed(2)}"/>`;
}
