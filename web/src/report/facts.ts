import type { Report, ReportArm, ReportResult } from '@kneepoint/workflow/report';

export type Interval = NonNullable<ReportArm['interval']>;

/** A characteristic curve as the server has it. */
export interface LayerCurve {
  readonly layer: string;
  readonly points: readonly { readonly filters: number; readonly rmseValidation: number }[];
}

/** What a report does not hold itself, and a page of it can show. */
export interface Extras {
  readonly curves: readonly { readonly task: string; readonly layers: readonly LayerCurve[] }[];
  /** By name of the image in the data set: its picture as an address that holds it. */
  readonly thumbnails: Readonly<Record<string, string>>;
}

export const NO_EXTRAS: Extras = { curves: [], thumbnails: {} };

/** What each network of a comparison is. */
export const ARM_NAMES: Readonly<Record<ReportArm['arm'], string>> = {
  refit: 'cut, head fitted again',
  finetuned: 'cut, finetuned',
  scratch: 'same shape from scratch',
  headOnly: 'whole, only head trained',
  unpruned: 'whole, finetuned',
  quantized: 'in whole numbers',
};

/** One network, or one stage of it, as judged on test. */
export interface Stage {
  readonly name: string;
  readonly value: number;
  readonly interval: Interval | null;
  readonly validation: number | null;
  /** What was trained, or is a network of its own. */
  readonly arm: ReportArm | null;
  readonly delivered: boolean;
}

/** All stages of a compression for one task, in the order in which they come about; of all tasks together where none is named. */
export function stagesOf(result: ReportResult, task?: string): readonly Stage[] {
  const found = task === undefined ? result.metric : result.tasks.find((one) => one.task === task)!;
  const judged = (one: Pick<ReportArm, 'metric' | 'validation' | 'interval' | 'tasks'>) =>
    task === undefined ? one : one.tasks.find((own) => own.task === task)!;
  const { original } = result;
  const bare = { interval: null, validation: null, arm: null, delivered: false };
  return [
    { ...bare, name: 'guessing', value: found.chance },
    {
      ...bare,
      name: 'whole, linear probe',
      value: found.probe,
      interval: judged(original).interval,
      validation: judged(original).validation,
    },
    { ...bare, name: 'as it was cut', value: found.pruned },
    { ...bare, name: 'healed', value: found.healed },
    ...result.arms.map((arm) => {
      const { metric, validation, interval } = judged(arm);
      const delivered = arm.arm === result.delivered.arm;
      return { name: ARM_NAMES[arm.arm], value: metric, validation, interval, arm, delivered };
    }),
  ];
}

/** What "before" is in the tables of a result. */
export function referenceOf({ reference }: Pick<ReportResult, 'reference'>): string {
  return reference === 'unpruned' ? 'the whole network, finetuned' : 'a linear probe on the whole network';
}

/** " in years" where a task has a unit. */
export function unitOf(report: Pick<Report, 'tasks'>, task: string): string {
  const unit = report.tasks.find(({ name }) => name === task)?.unit ?? null;
  return unit === null ? '' : `, ${unit}`;
}

/** Of a word in the name of a file: names may be long, and what systems take is not. */
const LONGEST_WORD = 60;

/** Words that make a name of a file, in whatever script they are. */
export function fileName(...words: readonly string[]): string {
  return words
    .map((word) => [...word].slice(0, LONGEST_WORD).join(''))
    .join('-')
    .replaceAll(/[^\p{L}\p{M}\p{N}_.-]+/gu, '-')
    .replaceAll(/^[-.]+|-+$/g, '');
}
