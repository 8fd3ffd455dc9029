import { sharp } from '../images/sharp.ts';
import { drawFace } from './draw-face.ts';
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
}

/** Face `index` of a seed as a PNG, and what it shows. Depends on nothing but the request. */
export async function renderFace({
  seed,
  index,
  persons,
  size,
}: FaceRequest): Promise<{ png: Buffer; truth: FaceTruth }> {
  const identity = index % persons;
  const person = createPerson(seed, identity);
  const random = new Random(seed, 0x6661, index);
  const truth = drawTruth(random, identity, person.gender);
  const svg = drawFace(createScene(person, truth, random), size);
  const pixels = await sharp(Buffer.from(svg)).flatten({ background: '#000' }).toColourspace('srgb').raw().toBuffer();
  light(pixels, size, random);
  const png = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png({ compressionLevel: 4 })
    .toBuffer();
  return { png, truth };
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
