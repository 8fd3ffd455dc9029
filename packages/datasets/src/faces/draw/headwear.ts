import { type Colour, css, darker } from '../colour.ts';
import type { FacePoint, Patch } from '../head.ts';
import type { Hat, Scene } from '../scene.ts';

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

/** What shows of a hat behind the head. */
export function drawHatBehind({ head, truth, hat }: Scene): string {
  if (!truth.accessories.has('hat')) return '';
  const colour = css(darker(hat.colour, 0.6));
  const { crown, brim } = hatPatches(hat);
  const patches = hat.brimmed ? [crown, brim] : [crown];
  return patches.map((patch) => `<path d="${head.silhouette(patch)}" fill="${colour}"/>`).join('');
}

/** A knitted cap, or a hat with a brim. */
export function drawHat({ head, truth, hat }: Scene): string {
  if (!truth.accessories.has('hat')) return '';
  const { crown, band, brim } = hatPatches(hat);
  const fill = (patch: Patch, colour: Colour): string =>
    `<path d="${head.patch(patch)}" fill="${css(colour)}" stroke="${css(colour)}" stroke-width=".4"/>`;
  return (
    fill(crown, hat.colour) +
    fill(band, darker(hat.colour, 0.45)) +
    (hat.brimmed ? fill(brim, darker(hat.colour, 0.25)) : '')
  );
}

function hatPatches({ brimmed, edge }: Hat): { crown: Patch; band: Patch; brim: Patch } {
  const around = { from: -180, to: 180 };
  return {
    crown: { ...around, top: () => -1, bottom: () => edge + 0.06, off: brimmed ? 1.22 : 1.27 },
    band: { ...around, top: () => edge - 0.12, bottom: () => edge + 0.06, off: brimmed ? 1.24 : 1.3 },
    brim: { ...around, top: () => edge, bottom: () => edge + 0.08, off: 1.7 },
  };
}
