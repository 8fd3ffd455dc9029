import { type Colour, css, darker, mix } from '../colour.ts';
import type { FacePoint } from '../head.ts';
import type { Scene } from '../scene.ts';

const RED: Colour = [176, 58, 62];

/** Lips, and teeth where the expression bares them. */
export function drawMouth({ head, person, expression, aged, childish, skin, mouthLine, random }: Scene): string {
  const { mouthCurve, mouthOpen, mouthWide, teeth, noseWrinkle } = expression;
  const half = person.mouthWidth * (1 + mouthWide) * (1 - 0.1 * childish);
  const middle = mouthLine - 0.04 * noseWrinkle;
  const corner = middle - 0.065 * mouthCurve;
  const dip = middle + 0.075 * mouthCurve;
  const gap = 0.2 * mouthOpen;
  const left: FacePoint = [-half, corner];
  const right: FacePoint = [half, corner + 0.05 * noseWrinkle * random.between(-1, 1)];
  const upper: FacePoint = [0, dip - gap * 0.35 - 0.06 * noseWrinkle];
  const lower: FacePoint = [0, dip + gap * 2];
  const lips = mix(mix(skin, RED, person.gender === 'female' ? 0.75 : 0.4), skin, 0.4 * aged);
  const opening = head.path`M${left} Q${upper} ${right} Q${lower} ${left}Z`;
  const band = head.path`M${left} Q${upper} ${right} Q${[0, dip + gap * (0.35 + 0.4 * teeth)]} ${left}Z`;
  const seam = head.path`M${left} Q${upper} ${right}`;
  const weight = person.lipWeight * (1 - 0.35 * aged);
  const inside =
    mouthOpen > 0
      ? `<path d="${opening}" fill="#4a1418"/>${teeth > 0 ? `<path d="${band}" fill="#f6f2e8" opacity="${teeth.toFixed(2)}"/>` : ''}`
      : '';
  return (
    `${inside}<path d="${opening}" fill="none" stroke="${css(lips)}" stroke-width="${weight.toFixed(2)}" stroke-linejoin="round"/>` +
    (mouthOpen > 0 ? '' : `<path d="${seam}" fill="none" stroke="${css(darker(lips, 0.55))}" stroke-width="1"/>`)
  );
}
