import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import type { Behaviour } from '../testing/behave.task.ts';
import { gone, isThere } from '../testing/processes.ts';
import { withFolder } from '../testing/with-folder.ts';
import type { TaskProgress } from './messages.ts';
import type { RunTaskOptions } from './run-task.ts';
import { runTask } from './run-task.ts';

const TASK = new URL('../testing/behave.task.ts', import.meta.url);

function run(how: Behaviour['how'], value?: unknown, options: Partial<RunTaskOptions> = {}): Promise<unknown> {
  return runTask<Behaviour, unknown>(TASK, { how, value }, { timeoutMs: 20_000, ...options });
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    (output) => new Error(`no failure but ${JSON.stringify(output)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error;
}

describe('what a task gives', () => {
  it('crosses the process unchanged, typed arrays and maps included', async () => {
    const value = {
      rows: Float32Array.of(1, 2.5, -0),
      byLayer: new Map([['conv1', [1]]]),
      none: undefined,
      big: 2n ** 60n,
    };
    expect(await run('echo', value)).toEqual(value);
  });

  it('does not depend on the folder that the parent stands in', async () => {
    const before = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(await run('cwd')).toBe(process.cwd());
    } finally {
      process.chdir(before);
    }
  });

  it('arrives as the same Failure when the task throws one', async () => {
    const { code, message, where, fix } = await failure(run('refuse'));
    expect({ code, message, where, fix }).toEqual({
      code: 'MODEL_EMPTY',
      message: 'the model is 0 bytes long',
      where: 'a.onnx',
      fix: 'give another',
    });
  });

  it('arrives as INTERNAL with the stack of the child when the task has a defect', async () => {
    const logged: object[] = [];
    const log = { debug: () => undefined, error: (fields: object) => logged.push(fields) };
    const found = await failure(run('defect', 'x', { log }));
    expect([found.code, found.message]).toEqual(['INTERNAL', 'broken: x']);
    expect((found.cause as Error).stack).toContain('behave.task.ts');
    expect(logged).toEqual([{ stack: (found.cause as Error).stack }]);
  });

  it('is refused when it cannot be copied', async () => {
    expect(await failure(run('returnFunction'))).toMatchObject({
      code: 'RUNTIME_TASK_INVALID',
      message: expect.stringContaining('could not be cloned') as string,
    });
    expect(await failure(run('echo', () => 1))).toMatchObject({
      code: 'RUNTIME_TASK_INVALID',
      message: expect.stringContaining('could not be cloned') as string,
    });
  });
});

describe('a task that goes wrong', () => {
  it('is RUNTIME_TASK_INVALID when its module has no default export or an option makes no sense', async () => {
    const module = new URL('../testing/not-atask.ts', import.meta.url);
    expect(await failure(runTask(module, 0, { timeoutMs: 20_000 }))).toMatchObject({
      code: 'RUNTIME_TASK_INVALID',
      where: module.href,
    });
    expect((await failure(run('echo', 0, { memoryMb: Number.NaN }))).message).toBe('memoryMb is NaN');
    expect((await failure(run('echo', 0, { timeoutMs: 0 }))).message).toBe('timeoutMs is 0');
  });

  it('is RUNTIME_CRASHED with signal and last words when the process falls', async () => {
    const found = await failure(run('segfault'));
    expect([found.code, found.retryable]).toEqual(['RUNTIME_CRASHED', true]);
    expect(found.message).toBe('the process was ended by SIGSEGV; it last wrote: about to fall');
  });

  it('is RUNTIME_CRASHED with the exit code when the process leaves', async () => {
    expect((await failure(run('exit', 3))).message).toBe('the process left with exit code 3');
  });

  it('is RUNTIME_MEMORY_LIMIT with figures when it holds too much outside the heap', async () => {
    const found = await failure(run('holdBuffers', 4000, { memoryMb: 256 }));
    expect(found.code).toBe('RUNTIME_MEMORY_LIMIT');
    const [held = 0, limit] = (found.message.match(/\d+/g) ?? []).map(Number);
    expect(limit).toBe(256);
    expect(held).toBeGreaterThan(256);
    expect(held).toBeLessThan(1024);
  });

  it('is RUNTIME_MEMORY_LIMIT when the JavaScript heap is full, even between two looks', async () => {
    expect((await failure(run('holdObjects', undefined, { memoryMb: 96 }))).code).toBe('RUNTIME_MEMORY_LIMIT');
  });

  it('is RUNTIME_TIMEOUT when it blocks its thread past the limit', async () => {
    // Left alone it would never end.
    const found = await failure(run('loop', undefined, { timeoutMs: 1500 }));
    expect([found.code, found.message]).toEqual(['RUNTIME_TIMEOUT', 'still running after 1500 ms']);
  });

  it('cannot flood its parent with output', async () => {
    let lines = 0;
    const log = { debug: () => lines++, error: () => undefined };
    const found = await failure(run('write', 20_000, { log }));
    expect(found.message).toBe('wrote enough');
    expect(lines).toBeGreaterThan(1000);
  });
});

describe('cancellation', () => {
  it('never starts a process when it came first', async () => {
    const children = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
    const before = children();
    const most: number[] = [];
    const watch = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) {
        most.push(children());
        await new Promise(setImmediate);
      }
    };
    const [found] = await Promise.all([failure(run('echo', 1, { signal: AbortSignal.abort() })), watch()]);
    expect(found.code).toBe('RUNTIME_CANCELED');
    expect(Math.max(...most)).toBe(before);
  });

  it('asks the task to end, and a task that listens ends at once', async () => {
    // Killed it would be only much later, however busy the machine is.
    const graceMs = 100_000;
    const { found, tookMs } = await cancelOnceStarted('untilCanceled', graceMs);
    expect(found.code).toBe('RUNTIME_CANCELED');
    expect(tookMs).toBeLessThan(graceMs / 2);
  });

  it('kills a task that does not listen after three seconds', async () => {
    const { found, tookMs } = await cancelOnceStarted('loop');
    expect(found.code).toBe('RUNTIME_CANCELED');
    expect(tookMs).toBeGreaterThan(2900);
  });

  async function cancelOnceStarted(how: Behaviour['how'], graceMs?: number) {
    const controller = new AbortController();
    let canceledAt = 0;
    let pid = 0;
    const onProgress = ({ done }: TaskProgress) => {
      pid = done;
      canceledAt = performance.now();
      controller.abort();
    };
    const found = await failure(run(how, undefined, { signal: controller.signal, onProgress, graceMs }));
    expect(isThere(pid)).toBe(false);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    return { found, tookMs: performance.now() - canceledAt };
  }
});

describe('progress', () => {
  it('arrives in order, at most five times a second, and the last always', async () => {
    const seen: number[] = [];
    const started = performance.now();
    await run('progress', 400, { onProgress: ({ done }) => seen.push(done) });
    const seconds = (performance.now() - started) / 1000;
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(400);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.length).toBeLessThanOrEqual(seconds * 5 + 2);
  });

  it('names every stage, however short', async () => {
    const seen: string[] = [];
    await run('stages', 5, { onProgress: ({ message }) => seen.push(message!) });
    expect(seen).toEqual(['stage 0', 'stage 1', 'stage 2', 'stage 3', 'stage 4']);
  });

  it('is dropped when it is not a number', async () => {
    const seen: TaskProgress[] = [];
    await run('badProgress', undefined, { onProgress: (update) => seen.push(update) });
    expect(seen).toEqual([]);
  });

  it('ends the task when the caller cannot take it', async () => {
    const onProgress = () => {
      throw new Failure('BUS_UNAVAILABLE', 'nobody listens');
    };
    expect((await failure(run('untilCanceled', undefined, { onProgress }))).code).toBe('BUS_UNAVAILABLE');
  });
});

describe('nothing is left behind', () => {
  it('the process is gone and reaped when the output arrives', async () => {
    expect(isThere((await run('pid')) as number)).toBe(false);
  });

  it('the folder of the task is gone, whether it went well, failed or fell', async () => {
    const { tempDir, existed } = (await run('tempDir')) as { tempDir: string; existed: boolean };
    expect([existed, existsSync(tempDir)]).toEqual([true, false]);
    const defect = await failure(run('defect'));
    const folder = defect.message.replace('broken: ', '');
    expect(folder).toContain('kneepoint-task-');
    expect(existsSync(folder)).toBe(false);
  });

  it('computes in float32 on a GPU, unless the environment says otherwise', async () => {
    const seen = async () => (await run('environment', undefined)) as NodeJS.ProcessEnv;
    expect((await seen())['NVIDIA_TF32_OVERRIDE']).toBe('0');
    process.env['NVIDIA_TF32_OVERRIDE'] = '1';
    try {
      expect((await seen())['NVIDIA_TF32_OVERRIDE']).toBe('1');
    } finally {
      delete process.env['NVIDIA_TF32_OVERRIDE'];
    }
  });

  it("secrets of the parent's environment do not reach the process", async () => {
    process.env['DATABASE_URL'] = 'postgres://kneepoint:secret@db';
    try {
      const seen = (await run('environment', undefined, { env: { EXTRA: '1' } })) as NodeJS.ProcessEnv;
      expect(seen['DATABASE_URL']).toBeUndefined();
      expect(seen['EXTRA']).toBe('1');
      expect(seen['PATH']).toBe(process.env['PATH']);
    } finally {
      delete process.env['DATABASE_URL'];
    }
  });

  it.each(['untilCanceled', 'loop'])(
    'a process that is busy with %s dies with its parent, folder and all',
    async (how) => {
      await withFolder(async (folder) => {
        const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
        const script = fileURLToPath(new URL('../testing/lonely-parent.ts', import.meta.url));
        const parent = spawn(process.execPath, ['--import', loader, script, how], {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, TMPDIR: folder },
        });
        const tasks = async () => (await readdir(folder)).filter((name) => name.startsWith('kneepoint-task-'));
        const [line] = (await once(parent.stdout, 'data')) as [Buffer];
        const pid = Number(line.toString());
        expect(isThere(pid)).toBe(true);
        expect(await tasks()).toHaveLength(1);
        parent.kill('SIGKILL');
        expect(await gone(pid, 5000)).toBe(true);
        expect(await tasks()).toEqual([]);
      });
    },
  );
});
