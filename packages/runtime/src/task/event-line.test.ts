import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import type { Behaviour } from '../testing/behave.task.ts';
import type { EventHandler } from './task-child.ts';
import { runTask } from './run-task.ts';

const TASK = new URL('../testing/behave.task.ts', import.meta.url);
const run = (how: Behaviour['how'], value: unknown, onEvent?: EventHandler) =>
  runTask<Behaviour, unknown>(TASK, { how, value }, { timeoutMs: 20_000, onEvent });

describe('events of a task', () => {
  it('are dealt with one after the other, in order, and waited for', async () => {
    const seen: number[] = [];
    let open = 0;
    await run('emitAtOnce', [30, 5, 1], async (event) => {
      expect((open += 1)).toBe(1);
      await wait(event as number);
      seen.push(event as number);
      open -= 1;
    });
    expect(seen).toEqual([30, 5, 1]);
  });

  it('carry typed arrays', async () => {
    const seen: unknown[] = [];
    await run('emit', [{ weights: Float32Array.of(1, 2) }], (event) => void seen.push(event));
    expect(seen).toEqual([{ weights: Float32Array.of(1, 2) }]);
  });

  it('reject in the task with the code of what the handler threw, and the next one goes on', async () => {
    const answers = await run('emit', ['bad', 'good'], (event) => {
      if (event === 'bad') throw new Failure('CHECKPOINT_NOT_WRITTEN', 'disk full', { where: 'here' });
    });
    expect(answers).toEqual([{ code: 'CHECKPOINT_NOT_WRITTEN', message: 'disk full', where: 'here' }, 'heard']);
  });

  it('that nobody listens to count as heard', async () => {
    expect(await run('emit', ['nobody listens'])).toEqual(['heard']);
  });
});
