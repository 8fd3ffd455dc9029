import { css, darker, lighter } from '../colour.ts';
import type { Patch } from '../head.ts';
import type { HairStyle } from '../person.ts';
import type { Scene } from '../scene.ts';

interface Cut {
  /** Thickness on the skull. */
  readonly off: number;
  /** How far down it hangs beside the ears. */
  readonly side: number;
  readonly back: number;
  /** Added to the hairline over the forehead; more is lower. */
  readonly front: number;
  /** How far long hair falls behind the shoulders, in hundredths of the picture below the eyes; 0 for short hair. */
  readonly falls: number;
}

const CUTS: Readonly<Record<HairStyle, Cut>> = {
  cropped: { off: 1.03, side: -0.05, back: 0.45, front: 0, falls: 0 },
  short: { off: 1.09, side: 0.05, back: 0.5, front: 0.04, falls: 0 },
  parted: { off: 1.13, side: 0.12, back: 0.55, front: 0.08, falls: 0 },
  fringe: { off: 1.14, side: 0.3, back: 0.7, front: 0.3, falls: 26 },
  bob: { off: 1.18, side: 0.3, back: 0.8, front: 0.1, falls: 22 },
  long: { off: 1.13, side: 0.3, back: 0.9, front: 0.06, falls: 44 },
  curly: { off: 1.26, side: 0.15, back: 0.7, front: 0.02, falls: 12 },
  bald: { off: 1.01, side: -0.02, back: 0.4, front: 0, falls: 0 },
};

/** What shows of the hair behind the head and the neck; drawn before both. */
export function drawHairBehind(scene: Scene): string {
  const { head, person, hair } = scene;
  const { falls } = CUTS[person.hairStyle];
  const colour = css(darker(hair, 0.3));
  const cap = isBald(scene) ? '' : `<path d="${head.silhouette(capOf(scene))}" fill="${colour}"/>`;
  if (falls === 0) return cap;
  const { centre, width, height, yaw } = head.shape;
  const x = centre[0] - Math.sin((yaw * Math.PI) / 180) * width * 0.35;
  const half = width * (person.hairStyle === 'curly' ? 1.3 : 1.15);
  const top = centre[1] - height * 0.2;
  const bottom = centre[1] + falls;
  const at = (dx: number, y: number): string => `${(x + dx).toFixed(1)} ${y.toFixed(1)}`;
  return (
    `${cap}<path d="M${at(-half, top)} Q${at(-half * 1.15, bottom)} ${at(-half * 0.75, bottom)} L${at(half * 0.75, bottom)}` +
    ` Q${at(half * 1.15, bottom)} ${at(half, top)}Z" fill="${colour}"/>`
  );
}

/** The hair on the skull, with its line over the forehead. */
export function drawHair(scene: Scene): string {
  const { head, hair, light } = scene;
  const cap = capOf(scene);
  const colour = css(hair);
  const svg = `<path d="${head.patch(cap)}" fill="${colour}" stroke="${colour}" stroke-width=".4"/>`;
  if (isBald(scene)) return svg;
  const shine = head.patch({ from: -70, to: 70, top: () => -0.93, bottom: () => -0.74, off: cap.off + 0.01 });
  return `${svg}<path d="${shine}" fill="${css(lighter(hair, 0.5))}" opacity="${(0.12 + 0.06 * light).toFixed(2)}"/>`;
}

/** Boys and very young men of the bald style still wear their hair cropped. */
function isBald({ person, childish }: Scene): boolean {
  return person.hairStyle === 'bald' && childish === 0;
}

function capOf(scene: Scene): Patch {
  const { person, receded } = scene;
  const cut = CUTS[person.hairStyle];
  const bald = isBald(scene);
  const front = person.hairline + cut.front - 0.4 * receded;
  const line = (longitude: number): number => {
    const around = Math.abs(longitude) / 90;
    if (around > 1) return cut.side + (cut.back - cut.side) * (around - 1);
    const temple = 0.22 * receded * Math.exp(-(((around - 0.45) / 0.2) ** 2));
    const parting = person.hairStyle === 'parted' ? 0.16 * person.parting * Math.sin((longitude * Math.PI) / 90) : 0;
    return Math.max(-0.98, front + (cut.side - front) * around ** 2.4 - temple + parting);
  };
  const top = bald ? (longitude: number): number => Math.min(line(longitude), -0.3) : (): number => -1;
  // Without a crown only a wreath from temple to temple is left.
  const bottom = bald
    ? (longitude: number): number => (Math.abs(longitude) < 70 ? top(longitude) : line(longitude))
    : line;
  return { from: -180, to: 180, top, bottom, off: cut.off };
}
