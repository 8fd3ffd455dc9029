import { type Colour, css, darker, lighter } from '../colour.ts';
import type { Scene } from '../scene.ts';

/** Neck, shoulders and clothes, and what is worn there. The body faces the viewer. */
export function drawBody(scene: Scene): string {
  const { head, person, truth, random, skin, childish } = scene;
  const x = head.shape.centre[0];
  const cloth: Colour = [random.between(20, 235), random.between(20, 235), random.between(20, 235)];
  const neck = head.shape.width * (person.gender === 'male' ? 0.5 : 0.4);
  const wide = (person.gender === 'male' ? 40 : 34) * (1 - 0.2 * childish);
  const deep = truth.accessories.has('necktie') ? 40 : random.between(38, 44);
  const at = (dx: number, y: number): string => `${(x + dx).toFixed(1)} ${y.toFixed(1)}`;
  let svg =
    `<path d="M${at(-neck, 8)} L${at(-neck, 34)} L${at(neck, 34)} L${at(neck, 8)}Z" fill="${css(darker(skin, 0.22))}"/>` +
    `<path d="M${at(-wide - 4, 51)} Q${at(-wide, 37)} ${at(-neck - 3, 33)} L${at(neck + 3, 33)} Q${at(wide, 37)} ${at(wide + 4, 51)}Z" fill="${css(cloth)}"/>` +
    `<path d="M${at(-neck - 1, 32.5)} L${at(0, deep)} L${at(neck + 1, 32.5)}Z" fill="${css(darker(skin, 0.15))}"/>`;
  if (truth.accessories.has('necktie')) {
    const tie: Colour = random.pick([
      [170, 24, 32],
      [24, 44, 130],
      [20, 100, 60],
      [110, 30, 110],
    ]);
    svg +=
      `<path d="M${at(-neck - 2, 32)} L${at(0, 42)} L${at(neck + 2, 32)} L${at(neck + 3, 37)} L${at(6, 46)} L${at(0, 42)} L${at(-6, 46)} L${at(-neck - 3, 37)}Z" fill="#f4f4f2"/>` +
      `<path d="M${at(-3, 38)} L${at(3, 38)} L${at(2, 42)} L${at(5, 51)} L${at(-5, 51)} L${at(-2, 42)}Z" fill="${css(tie)}" stroke="${css(darker(tie, 0.5))}" stroke-width=".6"/>`;
  }
  if (truth.accessories.has('necklace')) {
    const bead: Colour = random.pick([
      [250, 246, 236],
      [236, 196, 70],
      [220, 226, 236],
    ]);
    const line = `M${at(-neck - 3, 32)} Q${at(0, 50)} ${at(neck + 3, 32)}`;
    svg +=
      `<path d="${line}" fill="none" stroke="${css(darker(bead, 0.6))}" stroke-width="3.2"/>` +
      `<path d="${line}" fill="none" stroke="${css(lighter(bead, 0.2))}" stroke-width="2.4" stroke-linecap="round" stroke-dasharray="0.1 3"/>`;
  }
  return svg;
}
