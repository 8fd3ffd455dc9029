import { type Colour, darker, mix } from './colour.ts';
import { type Expression, express } from './emotion.ts';
import type { FaceTruth } from './face-truth.ts';
import { Head } from './head.ts';
import type { Person } from './person.ts';
import type { Random } from './random.ts';

export interface Hat {
  readonly colour: Colour;
  readonly brimmed: boolean;
  /** Height of its edge on the forehead. */
  readonly edge: number;
}

/** All that the drawing functions need to know. Shares are 0 to 1. */
export interface Scene {
  readonly head: Head;
  readonly person: Person;
  readonly truth: FaceTruth;
  readonly expression: Expression;
  /** How strongly the emotion is shown, around 1. */
  readonly strength: number;
  /** How much of a child, and how marked by age. */
  readonly childish: number;
  readonly aged: number;
  readonly skin: Colour;
  /** For lines and shadows on the skin. */
  readonly shade: Colour;
  readonly hair: Colour;
  /** How far the hairline has receded. */
  readonly receded: number;
  /** Height of the eyes and the mouth on the face. */
  readonly eyeLine: number;
  readonly mouthLine: number;
  /** Where the light comes from: −1 left, 1 right. */
  readonly light: number;
  /** Worn where the truth says so. */
  readonly hat: Hat;
  readonly random: Random;
}

const GREY: Colour = [205, 203, 200];
const SALLOW: Colour = [206, 186, 168];

export function createScene(person: Person, truth: FaceTruth, random: Random): Scene {
  const childish = share(17 - truth.age, 14);
  const aged = share(truth.age - 18, 72);
  const skin = mix(person.skin, SALLOW, 0.3 * aged);
  const grey = share(truth.age - 34 - 14 * (1 - person.fading), 34);
  const size = (1 - 0.17 * childish) * random.between(0.95, 1.05);
  const head = new Head({
    width: person.width * size * (1 + 0.05 * childish),
    height: person.height * size * (1 - 0.05 * childish),
    depth: person.width * size * 1.12,
    jaw: person.jaw - (person.jaw - 2) * childish * 0.8,
    centre: [random.between(-4, 4), random.between(-5, 0)],
    yaw: truth.yaw,
    pitch: truth.pitch,
    roll: random.between(-6, 6),
  });
  const strength = random.between(0.75, 1.1);
  return {
    head,
    person,
    truth,
    expression: express(truth.emotion, strength),
    strength,
    childish,
    aged,
    skin,
    shade: darker(skin, 0.5),
    hair: mix(person.hair, GREY, grey),
    receded: person.gender === 'male' ? person.fading * share(truth.age - 28, 40) : 0,
    eyeLine: 0.02 + 0.14 * childish,
    mouthLine: 0.58 + 0.05 * childish,
    light: random.between(-1, 1),
    hat: {
      colour: [random.between(20, 230), random.between(20, 230), random.between(20, 230)],
      brimmed: random.chance(0.5),
      edge: random.between(-0.5, -0.4),
    },
    random,
  };
}

function share(value: number, whole: number): number {
  return Math.max(0, Math.min(1, value / whole));
}
