import { css, darker, mix } from '../colour.ts';
import type { FacePoint } from '../head.ts';
import type { Scene } from '../scene.ts';

/** Eyes with lids and irises, and the brows above them. */
export function drawEyes(scene: Scene): string {
  return [-1, 1].map((side) => drawEye(scene, side) + drawBrow(scene, side)).join('');
}

function drawEye({ head, person, expression, childish, aged, shade, eyeLine }: Scene, side: number): string {
  const middle: FacePoint = [side * person.eyeDistance, eyeLine];
  if (!head.shows(middle)) return '';
  const size = person.eyeSize * (1 + 0.28 * childish);
  const open = 0.1 * size * Math.max(0.25, 1 + expression.eyeWide - 0.25 * aged);
  const half = 0.18 * size;
  const point = (dx: number, dy: number): FacePoint => [middle[0] + side * dx, middle[1] + dy];
  const almond = head.path`M${point(-half, 0.02)} Q${point(0, -open * 1.9)} ${point(half, -0.005)} Q${point(0, open * 1.5)} ${point(-half, 0.02)}Z`;
  const lid = head.path`M${point(-half, 0.02)} Q${point(0, -open * 1.9)} ${point(half, -0.005)}`;
  const lash = person.gender === 'female' ? 1.5 : 0.9;
  return (
    `<clipPath id="eye${side}"><path d="${almond}"/></clipPath><path d="${almond}" fill="#f4f1ec"/>` +
    `<g clip-path="url(#eye${side})"><path d="${disc(point, 0.082 * size)}" fill="${css(person.iris)}"/>` +
    `<path d="${disc(point, 0.04 * size)}" fill="#0c0808"/></g>` +
    `<path d="${lid}" fill="none" stroke="${css(darker(shade, 0.5))}" stroke-width="${lash}"/>`
  );

  function disc(place: typeof point, radius: number): string {
    // On the face, across counts in half widths and down in half heights.
    const tall = (radius * head.shape.width) / head.shape.height;
    const k = 1.3;
    return head.path`M${place(-radius, 0)} Q${place(-radius, -tall * k)} ${place(0, -tall * k)} Q${place(radius, -tall * k)} ${place(radius, 0)} Q${place(radius, tall * k)} ${place(0, tall * k)} Q${place(-radius, tall * k)} ${place(-radius, 0)}Z`;
  }
}

function drawBrow({ head, person, expression, hair, eyeLine, childish, shade }: Scene, side: number): string {
  const { browRaise, browTilt } = expression;
  const down = eyeLine - 0.2 - 0.075 * browRaise;
  const inner: FacePoint = [side * (person.eyeDistance - 0.22), down - 0.085 * browTilt + 0.02];
  const arch: FacePoint = [side * (person.eyeDistance + 0.02), down - 0.075 - 0.02 * browRaise];
  const outer: FacePoint = [side * (person.eyeDistance + 0.25), down + 0.06 * browTilt + 0.02];
  if (!head.shows(arch)) return '';
  const colour = mix(darker(hair, 0.35), shade, 0.25);
  const weight = person.browWeight * (1 - 0.35 * childish);
  return `<path d="${head.path`M${inner} Q${arch} ${outer}`}" fill="none" stroke="${css(colour)}" stroke-width="${weight.toFixed(2)}" stroke-linecap="round"/>`;
}
