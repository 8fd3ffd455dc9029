import { resultOf } from '@kneepoint/workflow';
import { measuredResult } from '@kneepoint/workflow/testing';
import { expect, it } from 'vitest';
import { perClassMarkdown } from './per-class.ts';

const result = resultOf({ label: '0.01', measured: measuredResult(), sha256: 'f'.repeat(64), bytes: 1 }, []);

it('shows each class before and after, and what was taken for what', () => {
  expect(perClassMarkdown(result)).toEqual([
    '**gender** on test, before (the whole network finetuned) and after:',
    '',
    '| class | images | precision | recall | F1 |',
    '|---|---:|---:|---:|---:|',
    '| female | 10 | 90.9 % → 90.0 % | 100.0 % → 90.0 % | 95.2 % → 90.0 % |',
    '| male | 10 | 100.0 % → 90.0 % | 90.0 % → 90.0 % | 94.7 % → 90.0 % |',
    '',
    '| after: is, answered | female | male |',
    '|---|---:|---:|',
    '| female | 9 | 1 |',
    '| male | 1 | 9 |',
    '',
  ]);
});

it('shows errors of values along the truth, and leaves out what nobody reads', () => {
  const bin = { from: 1, to: 9.5, images: 20, before: { mean: 1, spread: 2 }, after: { mean: -0.5, spread: 2.25 } };
  const values = { task: 'age', classes: [], confusion: null, residuals: [bin], changes: null };
  expect(perClassMarkdown({ ...result, perClass: [values] })).toContain(
    '| 1.00 – 9.50 | 20 | 1.00 → -0.500 | 2.00 → 2.25 |',
  );
  const [task] = result.perClass;
  const many = Array.from({ length: 50 }, () => task!.classes[0]!);
  expect(perClassMarkdown({ ...result, perClass: [{ ...task!, classes: many, confusion: null }] })).toContain(
    '| and 10 more |  |  |  |  |',
  );
});
