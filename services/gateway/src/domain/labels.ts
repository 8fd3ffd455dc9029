import { Failure } from '@kneepoint/failures';
import type { Label, LabelInput } from '../schema/run-details.ts';

const KEY = /^[A-Za-z0-9](?:[\w./-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^[^\p{Cc}\p{Surrogate}]{0,200}$/u;

/** A label as it is stored and looked for. Throws RUN_DETAILS_INVALID. */
export function requireLabel({ key, value }: LabelInput, where: string): string {
  if (!KEY.test(key)) {
    throw invalid(
      `${JSON.stringify(key.slice(0, 80))} is not the key of a label`,
      where,
      'Pass 1 to 63 letters, digits and . / _ -, the first and last a letter or digit.',
    );
  }
  if (VALUE.test(value)) return `${key}=${value}`;
  throw invalid(
    `the label "${key}" has ${value.length} characters, or one that cannot be shown`,
    where,
    'Pass up to 200 characters.',
  );
}

export function toLabels(stored: readonly string[]): Label[] {
  return stored.map((label) => {
    const at = label.indexOf('=');
    return { key: label.slice(0, at), value: label.slice(at + 1) };
  });
}

function invalid(message: string, where: string, fix: string): Failure {
  return new Failure('RUN_DETAILS_INVALID', message, { where, fix });
}
