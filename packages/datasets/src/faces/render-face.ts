import { sharp } from '../images/sharp.ts';
import { type Crop, drawFace } from './draw-face.ts';
import { valenceOf } from './emotion.ts';
import { drawTruth, type FaceTruth } from './face-truth.ts';
import { createPerson } from './person.ts';
import { Random } from './random.ts';
import { createScene } from './scene.ts';

export interface FaceRequest {
  readonly seed: number;
  readonly index: number;
  /** How many persons take turns. */
  readonly persons: number;
  /** Pixels a side. */
  readonly size: number;
  /** As a camera in the street takes them: out of focus by up to a pixel in 64, cut out by a detector that is off. Default false. */
  readonly wild?: boolean | undefined;
}

/** A picture and what it shows. */
export interface RenderedFace {
  readonly png: Buffer;
  readonly truth: FaceTruth;
  /** How pleasant the expression looks, −1 to 1. */
  readonly valence: number;
}

/** Face `index` of a seed as a PNG, and what it shows. Depends on nothing but the request. */
export async function renderFace({ seed, index, persons, size, wild = false }: FaceRequest): Promise<RenderedFace> {
  const identity = index % persons;
  const person = createPerson(seed, identity);
  const random = new Random(seed, 0x6661, index);
  const truth = drawTruth(random, identity, person.gender);
  const scene = createScene(person, truth, random);
  const svg = sharp(Buffer.from(drawFace(scene, size, wild ? drawCrop(seed, index) : undefined)));
  const seen = wild ? svg.blur(drawBlur(seed, index, size)) : svg;
  const pixels = await seen.flatten({ background: '#000' }).toColourspace('srgb').raw().toBuffer();
  light(pixels, size, random);
  const png = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png({ compressionLevel: 4 })
    .toBuffer();
  return { png, truth, valence: valenceOf(truth.emotion, scene.strength) };
}

/** Where a detector puts its frame: 82 to 100 % of the picture, anywhere in it. From numbers of its own, so that the face is the same without it. */
function drawCrop(seed: number, index: number): Crop {
  const random = new Random(seed, 0x6372, index);
  const scale = random.between(0.82, 1);
  const slack = 50 * (1 - scale);
  return { x: random.between(-slack, slack), y: random.between(-slack, slack), scale };
}

/** Standard deviation in pixels; libvips takes none below 0.3, which shows nothing. */
function drawBlur(seed: number, index: number, size: number): number {
  return Math.max(0.3, (new Random(seed, 0x626c, index).between(0, 1) * size) / 64);
}

/** Exposure, light from one side and the camera's noise. */
function light(pixels: Buffer, size: number, random: Random): void {
  const gain = random.between(0.7, 1.2);
  const [across, down] = [random.between(-0.3, 0.3), random.between(-0.2, 0.2)];
  const noise = random.between(1, 7);
  for (let y = 0, at = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const lit = gain * (1 + across * (x / size - 0.5) + down * (y / size - 0.5));
      // The sum of two uniform numbers is near enough to a bell curve.
      const grain = (random.between(-1, 1) + random.between(-1, 1)) * noise;
      for (let band = 0; band < 3; band += 1, at += 1) {
        pixels[at] = Math.max(0, Math.min(255, Math.round((pixels[at] ?? 0) * lit + grain)));
      }
    }
  }
}
