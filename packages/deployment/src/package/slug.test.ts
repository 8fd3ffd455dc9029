import { expect, it } from 'vitest';
import { slug } from './slug.ts';

it.each([
  [['Faces_Identity', 'emotion', 'keep-99pct'], 'faces-identity-emotion-keep-99pct'],
  [['1×1 Ä', '0.01'], 'n-1-1-a-0-01'],
  [['', ''], 'n'],
  [['a'.repeat(80), 'b', 'macs-80pct'], `${'a'.repeat(39)}-macs-80pct`],
  [['x'.repeat(80)], 'x'.repeat(48)],
])('of %j is a name that servers take: %s', (words, wanted) => {
  expect(slug(...words)).toBe(wanted);
  expect(wanted).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
});
