import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('log-process.fixture.ts', import.meta.url));
const run = (level: string) => spawnSync(process.execPath, ['--import', 'tsx', fixture, level], { encoding: 'utf8' });

it('whatever a process says of itself is a line of JSON, to the last one', () => {
  const { stderr, stdout, status } = run('info');
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { level: 'error', service: 'fixture', message: 'a library says no { code: 7 }' },
    { level: 'info', message: 'and yes' },
    { level: 'warn', warning: 'ExperimentalWarning', message: 'it is late' },
    { level: 'fatal', origin: 'unhandledRejection', error: { message: 'nobody waits for this' } },
  ]);
  expect([stdout, status]).toEqual(['', 1]);
});

it('the end that nobody caught is told where nothing else is', () => {
  const { stderr, status } = run('silent');
  expect(JSON.parse(stderr)).toMatchObject({ level: 'fatal', error: { message: 'nobody waits for this' } });
  expect(status).toBe(1);
});
