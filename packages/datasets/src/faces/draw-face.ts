import { drawBackground } from './draw/background.ts';
import { drawBody } from './draw/body.ts';
import { drawEyes } from './draw/eyes.ts';
import { drawBeard, drawMoustache } from './draw/facial-hair.ts';
import { drawHair, drawHairBehind } from './draw/hair.ts';
import { drawGlasses, drawHat, drawHatBehind } from './draw/headwear.ts';
import { drawMouth } from './draw/mouth.ts';
import { drawNose } from './draw/nose.ts';
import { drawEars, drawSkin, drawWrinkles } from './draw/skin.ts';
import type { Scene } from './scene.ts';

/** The part of the scene that a picture shows: its centre and its width, as a share of the whole. */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const WHOLE: Crop = { x: 0, y: 0, scale: 1 };

/** A portrait as SVG, `size` pixels square, painted from the back to the front. */
export function drawFace(scene: Scene, size: number, { x, y, scale }: Crop = WHOLE): string {
  const layers = [
    drawBackground(scene),
    drawHatBehind(scene),
    drawHairBehind(scene),
    drawBody(scene),
    drawEars(scene, false),
    drawSkin(scene),
    drawWrinkles(scene),
    drawBeard(scene),
    drawEyes(scene),
    drawMouth(scene),
    drawNose(scene),
    drawMoustache(scene),
    drawHair(scene),
    drawEars(scene, true),
    drawGlasses(scene),
    drawHat(scene),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="${x - 50 * scale} ${y - 50 * scale} ${100 * scale} ${100 * scale}">${layers.join('')}</svg>`;
}
