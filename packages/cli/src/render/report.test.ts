import { resultOf } from '@kneepoint/workflow';
import { measuredResult } from '@kneepoint/workflow/testing';
import { expect, it } from 'vitest';
import { resultMarkdown } from './report.ts';

it('a result as Markdown says what the file beside it has that was not measured', () => {
  const measured = measuredResult();
  const result = resultOf({ label: '0.01', measured, sha256: 'f'.repeat(64), bytes: 500 }, []);
  const split = { ...measured.split, seed: 1, given: null };
  const said = 'the file beside this page gives labels and has 612 bytes';
  expect(resultMarkdown(result, { split }, 'net', { answers: 'labels', bytes: 612 })).toContain(said);
  expect(resultMarkdown(result, { split }, 'net')).not.toContain('the file beside');
});
