import { Failure } from '@kneepoint/failures';
import { describe, expect, test } from 'vitest';
import { childLogger, createLogger, type LoggerOptions } from './create-logger.ts';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'extractor', level: 'info', destination, ...options });
  return { log, lines };
}

describe('createLogger', () => {
  test('a line says when, how grave, which service, and which attempt of which step of which run', () => {
    const { log, lines } = capture();
    childLogger(log, { run: 'r1', step: 's1', attempt: 2 }).warn({ done: 3 }, 'slow');
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({
      ...{ level: 'warn', service: 'extractor', run: 'r1', step: 's1', attempt: 2, done: 3, message: 'slow' },
    });
    expect(Date.parse(String(line['time']))).toBeGreaterThan(Date.now() - 60_000);
  });

  test('a failure is logged with its code and its cause', () => {
    const { log, lines } = capture();
    const cause = new Failure('STORE_FULL', 'no room', { where: '/data' });
    log.error({ error: new Failure('INTERNAL', 'step failed', { cause }) }, 'failed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: { code: 'INTERNAL', message: 'step failed', cause: { code: 'STORE_FULL', where: '/data' } },
    });
  });

  test('lines below the level are not written', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.info('quiet');
    expect(lines).toEqual([]);
  });

  test('pretty lines are for people: one line of words and fields', () => {
    const { log, lines } = capture({ pretty: true });
    childLogger(log, { run: 'r1' }).info({ images: 8 }, 'extracted');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}extractor {2}extracted run=r1 images=8\n$/);
  });
});
