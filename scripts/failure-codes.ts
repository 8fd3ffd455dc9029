/** Writes docs/failures.md from the registry: `npx tsx scripts/failure-codes.ts`. A test fails when the committed page differs. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAILURES } from '@kneepoint/failures';

export const FAILURES_PAGE = fileURLToPath(new URL('../docs/failures.md', import.meta.url));

export function failuresPage(): string {
  const rows = Object.entries(FAILURES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { cause, cure, retryable }]) => `| \`${code}\` | ${cause} | ${cure} | ${retryable ? 'yes' : ''} |`);
  return `${[
    '# Failure codes',
    'Every failure has one of these codes, says what was wrong and where, and what would be right. "Again" marks those for which the same work can succeed later; workers try them again by themselves.',
    '',
    '| code | cause | cure | again |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FAILURES_PAGE, failuresPage());
