export const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
export type Emotion = (typeof EMOTIONS)[number];

/** What a face does to show an emotion, after the action units of Ekman and Friesen; 0 is at rest. */
export interface Expression {
  readonly browRaise: number;
  /** Inner ends up (sad, fear) or down (angry). */
  readonly browTilt: number;
  readonly eyeWide: number;
  /** Corners up or down. */
  readonly mouthCurve: number;
  readonly mouthOpen: number;
  readonly mouthWide: number;
  readonly teeth: number;
  readonly noseWrinkle: number;
}

const REST: Expression = {
  browRaise: 0,
  browTilt: 0,
  eyeWide: 0,
  mouthCurve: 0,
  mouthOpen: 0,
  mouthWide: 0,
  teeth: 0,
  noseWrinkle: 0,
};

const SHOWN: Readonly<Record<Emotion, Partial<Expression>>> = {
  neutral: {},
  happy: { browRaise: 0.2, eyeWide: -0.3, mouthCurve: 1.1, mouthOpen: 0.45, mouthWide: 0.3, teeth: 1 },
  sad: { browRaise: 0.2, browTilt: 1, eyeWide: -0.35, mouthCurve: -0.9, mouthWide: -0.1 },
  angry: { browRaise: -0.7, browTilt: -1.1, eyeWide: -0.2, mouthCurve: -0.5, mouthOpen: 0.3, teeth: 1, mouthWide: 0.1 },
  surprise: { browRaise: 1.2, eyeWide: 0.6, mouthOpen: 1.1, mouthWide: -0.35 },
  fear: { browRaise: 0.9, browTilt: 0.9, eyeWide: 0.55, mouthCurve: -0.5, mouthOpen: 0.5, mouthWide: 0.25, teeth: 0.5 },
  disgust: { browRaise: -0.5, browTilt: -0.3, eyeWide: -0.5, mouthCurve: -0.8, mouthOpen: 0.15, noseWrinkle: 1 },
};

/** An emotion at a strength around 1. */
export function express(emotion: Emotion, strength: number): Expression {
  const shown: Expression = { ...REST, ...SHOWN[emotion] };
  const keys = Object.keys(REST) as (keyof Expression)[];
  return Object.fromEntries(keys.map((key) => [key, shown[key] * strength])) as unknown as Expression;
}

/** How pleasant an emotion at strength 1 looks, −1 to 1, after the circumplex of Russell (1980). */
const VALENCE: Readonly<Record<Emotion, number>> = {
  angry: -0.7,
  disgust: -0.6,
  fear: -0.5,
  happy: 0.9,
  sad: -0.8,
  surprise: 0.25,
  neutral: 0,
};

/** How pleasant an emotion at a strength around 1 looks. */
export function valenceOf(emotion: Emotion, strength: number): number {
  return VALENCE[emotion] * strength;
}
