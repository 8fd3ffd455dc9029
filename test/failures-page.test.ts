import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAILURES_PAGE, failuresPage } from '../scripts/failure-codes.ts';

it('docs/failures.md lists every failure code (npx tsx scripts/failure-codes.ts writes it)', () => {
  expect(readFileSync(FAILURES_PAGE, 'utf8')).toBe(failuresPage());
});
