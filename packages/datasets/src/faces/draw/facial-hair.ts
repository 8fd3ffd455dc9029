import { css, darker } from '../colour.ts';
import type { Patch } from '../head.ts';
import type { Scene } from '../scene.ts';

/** Shadow, goatee and sideburns: what grows below and beside the mouth. */
export function drawBeard({ head, truth, hair, mouthLine }: Scene): string {
  const colour = css(darker(hair, 0.2));
  const fill = (patch: Patch, opacity: number): string =>
    `<path d="${head.patch(patch)}" fill="${colour}" opacity="${opacity}"/>`;
  let svg = '';
  if (truth.facialHair.has('five_o_clock_shadow')) {
    const edge = (longitude: number): number => 0.42 - 0.3 * (Math.abs(longitude) / 84) ** 3;
    svg += `<g opacity=".38">${fill({ from: -84, to: 84, top: edge, bottom: () => 0.985, off: 1.005 }, 1)}</g>`;
  }
  if (truth.facialHair.has('goatee')) {
    const edge = (longitude: number): number => mouthLine + 0.16 + 0.06 * Math.cos((longitude / 28) * Math.PI);
    svg += fill({ from: -28, to: 28, top: edge, bottom: () => 0.995, off: 1.06 }, 0.95);
  }
  if (truth.facialHair.has('sideburns')) {
    for (const side of [-1, 1]) {
      const [from, to] = side < 0 ? [-96, -60] : [60, 96];
      svg += fill(
        { from, to, top: () => -0.2, bottom: (at) => 0.52 - Math.abs(Math.abs(at) - 80) / 90, off: 1.03 },
        0.95,
      );
    }
  }
  return svg;
}

/** The moustache lies over the upper lip. */
export function drawMoustache({ head, truth, hair, mouthLine, person, expression }: Scene): string {
  if (!truth.facialHair.has('moustache')) return '';
  const half = person.mouthWidth * 1.15;
  const low = mouthLine - 0.03 - 0.03 * expression.mouthCurve - 0.06 * expression.mouthOpen;
  const shape = head.path`M${[0, low - 0.12, 1.08]} Q${[half * 0.9, low - 0.14, 1.06]} ${[half, low + 0.05, 1.02]} Q${[half * 0.4, low + 0.02, 1.06]} ${[0, low - 0.01, 1.08]} Q${[-half * 0.4, low + 0.02, 1.06]} ${[-half, low + 0.05, 1.02]} Q${[-half * 0.9, low - 0.14, 1.06]} ${[0, low - 0.12, 1.08]}Z`;
  return `<path d="${shape}" fill="${css(darker(hair, 0.25))}"/>`;
}
