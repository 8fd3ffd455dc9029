import { type Colour, css, darker } from '../colour.ts';
import type { FacePoint } from '../head.ts';
import type { Scene } from '../scene.ts';

export function drawGlasses({ head, truth, person, eyeLine, random }: Scene): string {
  if (!truth.accessories.has('eyeglasses')) return '';
  const frame: Colour = random.pick([
    [24, 22, 24],
    [70, 40, 24],
    [40, 44, 60],
  ]);
  const off = 1.1;
  const [wide, tall] = [0.27, 0.17];
  const parts: string[] = [
    head.path`M${[-person.eyeDistance + wide, eyeLine - 0.03, off]} Q${[0, eyeLine - 0.09, off]} ${[person.eyeDistance - wide, eyeLine - 0.03, off]}`,
  ];
  for (const side of [-1, 1]) {
    const at = (dx: number, dy: number): FacePoint => [side * (person.eyeDistance + dx), eyeLine + 0.02 + dy, off];
    if (!head.shows(at(0, 0))) continue;
    parts.push(
      head.path`M${at(-wide, -tall * 0.5)} Q${at(-wide, -tall)} ${at(0, -tall)} Q${at(wide, -tall)} ${at(wide, -tall * 0.4)} Q${at(wide, tall)} ${at(0, tall)} Q${at(-wide, tall)} ${at(-wide, -tall * 0.5)}Z`,
    );
    const hinge: FacePoint = [side * (person.eyeDistance + wide), eyeLine - 0.03, off];
    if (side * truth.yaw <= 5) parts.push(head.path`M${hinge} L${[side, eyeLine + 0.02, 1.02]}`);
  }
  return `<path d="${parts.join('')}" fill="rgba(225,240,255,.2)" stroke="${css(frame)}" stroke-width="1.9" stroke-linejoin="round"/>`;
}

/** A knitted cap, or a hat with a brim. */
export function drawHat({ head, truth, random }: Scene): string {
  if (!truth.accessories.has('hat')) return '';
  const colour: Colour = [random.between(20, 230), random.between(20, 230), random.between(20, 230)];
  const brimmed = random.chance(0.5);
  const edge = random.between(-0.5, -0.4);
  const crown = head.patch({
    from: -180,
    to: 180,
    top: () => -1,
    bottom: () => edge + 0.06,
    off: brimmed ? 1.24 : 1.3,
  });
  const band = head.patch({
    from: -180,
    to: 180,
    top: () => edge - 0.12,
    bottom: () => edge + 0.06,
    off: brimmed ? 1.26 : 1.33,
  });
  const brim = head.patch({ from: -180, to: 180, top: () => edge, bottom: () => edge + 0.09, off: 1.75 });
  return (
    `<path d="${crown}" fill="${css(colour)}" stroke="${css(darker(colour, 0.4))}" stroke-width=".4"/>` +
    `<path d="${band}" fill="${css(darker(colour, 0.45))}"/>` +
    (brimmed
      ? `<path d="${brim}" fill="${css(darker(colour, 0.25))}" stroke="${css(darker(colour, 0.6))}" stroke-width=".5"/>`
      : '')
  );
}
