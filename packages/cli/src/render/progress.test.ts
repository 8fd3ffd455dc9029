import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressBar, type ProgressState } from './progress.ts';

const RUNNING: ProgressState = {
  ...{ fraction: 0.3, stepsDone: 1, stepsTotal: 4, current: 'train', kind: 'FINETUNE', state: 'RUNNING' },
  ...{ message: null, done: null, total: null, unit: null, etaSeconds: null },
};

let written: string[];
const bar = (): ProgressBar =>
  new ProgressBar({ write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream);

beforeEach(() => {
  written = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

it('what runs is told with what it says, what it counts and the time that is left', () => {
  bar().show('t', { ...RUNNING, message: 'epoch 2 of 5', done: 40, total: 100, unit: 'images', etaSeconds: 75 });
  expect(written).toEqual(['30 % · train · epoch 2 of 5 · 40/100 images · 1 m 15 s left\n']);
});

it('what waits is told as waiting, once that has lasted, and not as running', () => {
  const shown = bar();
  shown.show('t', { ...RUNNING, state: 'QUEUED', done: 40, total: 100, unit: 'images', etaSeconds: 75 });
  expect(written).toEqual([]);
  vi.advanceTimersByTime(5_000);
  expect(written).toEqual(['30 % · train · waits for a worker\n']);
});

it('a moment of waiting is passed over', () => {
  const shown = bar();
  shown.show('t', { ...RUNNING, state: 'QUEUED' });
  shown.show('t', RUNNING);
  vi.advanceTimersByTime(60_000);
  expect(written).toEqual(['30 % · train\n']);
});

it('a stage has a line, and one that lasts another each half minute when anything moved', () => {
  const shown = bar();
  const at = (message: string, kind: ProgressState['kind'] = 'FINETUNE') =>
    shown.show('t', { ...RUNNING, kind, message });
  at('epoch 1');
  at('epoch 2');
  vi.advanceTimersByTime(31_000);
  at('epoch 3');
  at('epoch 4');
  at('counting', 'REPORT');
  shown.end();
  expect(written).toEqual(['30 % · train · epoch 1\n', '30 % · train · epoch 3\n', '30 % · train · counting\n']);
});
