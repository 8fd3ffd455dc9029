import { css, darker, lighter } from '../colour.ts';
import type { FacePoint } from '../head.ts';
import type { Scene } from '../scene.ts';

/** The nose stands off the face, so that its tip tells where the head points. */
export function drawNose({ head, person, skin, shade, expression, childish, eyeLine, light, truth }: Scene): string {
  const length = person.noseLength * (1 - 0.35 * childish);
  const wide = person.noseWidth * (1 - 0.15 * childish);
  const base = eyeLine + length + 0.08;
  const tip: FacePoint = [0, base - 0.05, 1.26 - 0.1 * childish];
  const bridge: FacePoint = [0, eyeLine - 0.05, 1.04];
  // The flank away from the light is dark; a turned head shows one flank only.
  const lean = light - truth.yaw / 25;
  const dark = lean > 0 ? -1 : 1;
  const flank = (side: number): string =>
    head.path`M${bridge} L${tip} L${[side * wide, base, 1.05]} Q${[side * wide * 0.8, base - 0.12, 1.04]} ${bridge}Z`;
  const under = head.path`M${[-wide, base, 1.05]} Q${[0, base + 0.1, 1.18]} ${[wide, base, 1.05]} Q${[0, base - 0.02, 1.2]} ${[-wide, base, 1.05]}Z`;
  const wrinkles = [-1, 1]
    .map(
      (side) =>
        head.path`M${[side * 0.05, eyeLine + 0.02, 1.06]} L${[side * 0.17, eyeLine + 0.1, 1.03]} M${[side * 0.06, eyeLine + 0.1, 1.08]} L${[side * 0.19, eyeLine + 0.18, 1.03]}`,
    )
    .join('');
  const wrinkled =
    expression.noseWrinkle > 0 ? `<path d="${wrinkles}" stroke="${css(shade)}" stroke-width="1" opacity=".8"/>` : '';
  return (
    `<path d="${flank(dark)}" fill="${css(darker(skin, 0.4))}" opacity=".75"/>` +
    `<path d="${flank(-dark)}" fill="${css(lighter(skin, 0.25))}" opacity=".5"/>` +
    `<path d="${under}" fill="${css(shade)}"/>${wrinkled}`
  );
}
