import type { Preprocess } from '@kneepoint/datasets';

/** How pixels become the input, as an exporter or a model hub has written it down. */
export interface Exported {
  readonly preprocess: Preprocess;
  /** Where that was read, for people. */
  readonly from: string;
}

/** What a format holds; undefined where the value is not of it. Values of the wrong kind count as absent. */
export type ReadExported = (json: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | undefined;

export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** One number or a list of them, as a list. */
export function numbers(value: unknown): readonly number[] | undefined {
  const list = Array.isArray(value) ? value.map(number) : [number(value)];
  return list.length > 0 && list.every((entry) => entry !== undefined) ? list : undefined;
}

/** What is written down of Pillow's conversion to RGB: pixels as they lie in the file. */
export const PILLOW = { channels: 'rgb', exif: false, alpha: 'ignore', resize: 'antialias' } as const;
