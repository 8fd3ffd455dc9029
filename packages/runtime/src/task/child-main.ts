import { rmSync } from 'node:fs';
import { Failure } from '@kneepoint/failures';
import { EventLine } from './event-line.ts';
import type { FromChild, TaskOrder, ToChild } from './messages.ts';
import { watchParent } from './watch-parent.ts';
import type { TaskContext } from './task-context.ts';
import { staged } from './staged.ts';
import { ProgressGate } from './task-context.ts';

type Task = (input: unknown, context: TaskContext) => Promise<unknown>;

let cancel = new AbortController();
let tempDir: string | undefined;
const events = new EventLine(tell);

process.on('message', (message: ToChild) => {
  if (message.kind === 'heard') events.heard(message.id, message.failure);
  else if (message.kind === 'cancel') cancel.abort(new Failure('RUNTIME_CANCELED', 'the task was canceled'));
  else void obey(message);
});

process.on('disconnect', () => {
  if (tempDir) rmSync(tempDir, { recursive: true, force: true });
  process.exit(0);
});

// Ctrl-C reaches the whole group; when a task ends is the parent's to say.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const [, , parent, file = ''] = process.argv;
const guard = watchParent(Number(parent));

async function obey(order: TaskOrder): Promise<void> {
  cancel = new AbortController();
  tempDir = order.tempDir;
  guard(tempDir);
  const share = staged();
  const gate = new ProgressGate((update) => tell({ kind: 'progress', update }));
  const context: TaskContext = {
    progress: (update) => gate.offer(share(update)),
    emit: (event) => events.emit(event),
    signal: cancel.signal,
    tempDir: order.tempDir,
    provider: order.provider,
  };
  let answer: FromChild;
  try {
    const task = await loadTask(order.task);
    answer = { kind: 'done', output: await task(order.input, context) };
  } catch (error) {
    answer = failed(error);
  }
  gate.flush();
  // The parent ends this process on the answer; what was written before it must be on its way by then.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  try {
    tell(answer);
  } catch (error) {
    tell(failed(new Failure('RUNTIME_TASK_INVALID', `the output cannot be sent: ${(error as Error).message}`)));
  }
}

/** `url` is what people know it by; the file may be that of a bundle. */
async function loadTask(url: string): Promise<Task> {
  const loaded = (await import(file)) as { default?: unknown };
  if (typeof loaded.default === 'function') return loaded.default as Task;
  throw new Failure('RUNTIME_TASK_INVALID', 'the module has no function as default export', { where: url });
}

function failed(error: unknown): FromChild {
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: 'failed', failure: Failure.from(outOfMemory(error) ?? error).toJSON(), stack };
}

/** What V8 throws when the system gives it no memory for an array. */
function outOfMemory(error: unknown): Failure | undefined {
  if (!(error instanceof RangeError) || !/array buffer allocation failed/i.test(error.message)) return undefined;
  return new Failure('RUNTIME_MEMORY_LIMIT', 'no more memory was given to the process', { cause: error });
}

function tell(message: FromChild): void {
  // Between the parent's death and `disconnect` there is nobody to tell.
  if (process.connected) process.send?.(message);
}
