import { type Colour, mix } from './colour.ts';
import { Random } from './random.ts';

export type Gender = 'female' | 'male';
export type HairStyle = 'cropped' | 'short' | 'parted' | 'fringe' | 'bob' | 'long' | 'curly' | 'bald';

/** What stays the same in all pictures of one person, but for age. Lengths are shares of the head's. */
export interface Person {
  readonly gender: Gender;
  /** Half the width of the head, in hundredths of the picture. */
  readonly width: number;
  /** Half its height. */
  readonly height: number;
  /** 2 gives a round jaw, 4 a square one. */
  readonly jaw: number;
  readonly eyeDistance: number;
  readonly eyeSize: number;
  readonly browWeight: number;
  readonly noseLength: number;
  readonly noseWidth: number;
  readonly mouthWidth: number;
  readonly lipWeight: number;
  readonly hairline: number;
  readonly hairStyle: HairStyle;
  /** Side of the parting, −1 to 1. */
  readonly parting: number;
  /** How early the hair turns grey and recedes, 0 to 1. */
  readonly fading: number;
  readonly skin: Colour;
  readonly hair: Colour;
  readonly iris: Colour;
}

const SKIN_LIGHT: Colour = [244, 208, 182];
const SKIN_MIDDLE: Colour = [205, 150, 112];
const SKIN_DARK: Colour = [104, 68, 50];
const HAIR: readonly [Colour, ...Colour[]] = [
  [28, 24, 26],
  [58, 38, 26],
  [104, 66, 36],
  [206, 166, 92],
  [156, 70, 34],
];
const IRIS: readonly [Colour, ...Colour[]] = [
  [70, 44, 26],
  [44, 30, 22],
  [72, 112, 150],
  [78, 116, 72],
];
const STYLES: Readonly<Record<Gender, readonly [HairStyle, ...HairStyle[]]>> = {
  female: ['long', 'long', 'bob', 'curly', 'fringe', 'parted'],
  male: ['cropped', 'short', 'parted', 'short', 'bald', 'curly'],
};

/** Person number `id` of a seed. Women and men alternate, so that any range of persons holds both. */
export function createPerson(seed: number, id: number): Person {
  const random = new Random(seed, 0x7065, id);
  const gender: Gender = id % 2 === 0 ? 'female' : 'male';
  const male = gender === 'male';
  const tone = random.between(0, 1);
  return {
    gender,
    width: random.between(21.5, 25) + (male ? 1.2 : 0),
    height: random.between(29, 32.5),
    jaw: random.between(2, 2.7) + (male ? 0.9 : 0),
    eyeDistance: random.between(0.37, 0.46),
    eyeSize: random.between(0.85, 1.15) + (male ? -0.04 : 0.08),
    browWeight: random.between(1, 1.7) + (male ? 1 : 0),
    noseLength: random.between(0.24, 0.36),
    noseWidth: random.between(0.11, 0.17) + (male ? 0.02 : 0),
    mouthWidth: random.between(0.27, 0.36),
    lipWeight: random.between(1.2, 2.2) + (male ? -0.2 : 0.8),
    hairline: random.between(-0.68, -0.52),
    hairStyle: random.pick(STYLES[gender]),
    parting: random.between(-1, 1),
    fading: random.between(0, 1),
    skin: tone < 0.6 ? mix(SKIN_LIGHT, SKIN_MIDDLE, tone / 0.6) : mix(SKIN_MIDDLE, SKIN_DARK, (tone - 0.6) / 0.4),
    hair: tone > 0.7 ? HAIR[0] : random.pick(HAIR),
    iris: tone > 0.6 ? (IRIS[1] ?? IRIS[0]) : random.pick(IRIS),
  };
}
