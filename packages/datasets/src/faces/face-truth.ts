import { type Emotion, EMOTIONS } from './emotion.ts';
import type { Gender } from './person.ts';
import type { Random } from './random.ts';

export const FACIAL_HAIR = ['five_o_clock_shadow', 'goatee', 'sideburns', 'moustache', 'no_beard'] as const;
export const ACCESSORIES = ['earrings', 'hat', 'necklace', 'necktie', 'eyeglasses'] as const;
export type FacialHair = (typeof FACIAL_HAIR)[number];
export type Accessory = (typeof ACCESSORIES)[number];

/** What a picture shows: the labels of all tasks. Ages in years; yaw to the picture's right and pitch up, in degrees. */
export interface FaceTruth {
  readonly identity: number;
  readonly gender: Gender;
  readonly age: number;
  readonly emotion: Emotion;
  readonly yaw: number;
  readonly pitch: number;
  readonly facialHair: ReadonlySet<FacialHair>;
  readonly accessories: ReadonlySet<Accessory>;
}

/** The labels of picture `index`: independent of each other but for what gender and age rule out. */
export function drawTruth(random: Random, identity: number, gender: Gender): FaceTruth {
  const age = Math.floor(random.between(3, 98));
  const emotion = random.pick(EMOTIONS);
  const yaw = Math.round(random.between(-60, 60) * 10) / 10;
  const pitch = Math.round(random.between(-30, 30) * 10) / 10;
  const facialHair = new Set<FacialHair>();
  for (const kind of FACIAL_HAIR.slice(0, 4)) {
    if (random.chance(0.35) && gender === 'male' && age >= 18) facialHair.add(kind);
  }
  if (facialHair.size === 0) facialHair.add('no_beard');
  const likely: Readonly<Record<Accessory, number>> = {
    earrings: gender === 'female' ? 0.5 : 0.15,
    hat: 0.25,
    necklace: gender === 'female' ? 0.45 : 0.15,
    necktie: gender === 'male' ? 0.45 : 0.1,
    eyeglasses: 0.3,
  };
  const accessories = new Set(ACCESSORIES.filter((accessory) => random.chance(likely[accessory])));
  return { identity, gender, age, emotion, yaw, pitch, facialHair, accessories };
}
