import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { TaskContext } from '../task/task-context.ts';

export interface Behaviour {
  readonly how: keyof typeof BEHAVIOURS;
  readonly value?: unknown;
}

/** Every way in which a task can go well or badly, by name. */
const BEHAVIOURS = {
  echo: (value: unknown) => value,
  pid: () => process.pid,
  environment: () => process.env,
  cwd: () => process.cwd(),
  tempDir: (_value: unknown, { tempDir }: TaskContext) => {
    writeFileSync(join(tempDir, 'file'), 'x');
    return { tempDir, existed: existsSync(tempDir) };
  },
  refuse: () => {
    throw new Failure('MODEL_EMPTY', 'the model is 0 bytes long', { where: 'a.onnx', fix: 'give another' });
  },
  defect: (value: unknown, { tempDir }: TaskContext) => {
    throw new RangeError(`broken: ${typeof value === 'string' ? value : tempDir}`);
  },
  returnFunction: () => () => 1,
  exit: (value: unknown) => process.exit(value as number),
  segfault: () => {
    process.stderr.write('about to fall\n');
    process.kill(process.pid, 'SIGSEGV');
    return wait(10_000);
  },
  holdBuffers: async (value: unknown) => {
    const held: Buffer[] = [];
    for (let i = 0; i < (value as number); i++) {
      held.push(Buffer.alloc(2 ** 20, 1));
      await wait(1);
    }
    return held.length;
  },
  reserve: (value: unknown) => new ArrayBuffer((value as number) * 2 ** 20).byteLength,
  connect: (value: unknown) =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: value as number, timeout: 5000 });
      socket.on('connect', () => resolve('connected'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    }),
  coreLimit: () => /^Max core file size\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
  holdObjects: () => {
    const held: number[][] = [];
    for (;;) held.push(Array.from({ length: 1000 }, Math.random));
  },
  loop: (value: unknown, { progress }: TaskContext) => {
    progress({ done: process.pid, total: 2 ** 31, unit: 'process id' });
    const until = Date.now() + ((value as number | undefined) ?? Number.POSITIVE_INFINITY);
    while (Date.now() < until);
    return 'done';
  },
  untilCanceled: async (_value: unknown, { signal, progress }: TaskContext) => {
    progress({ done: process.pid, total: 2 ** 31, unit: 'process id' });
    await wait(60_000, undefined, { signal });
  },
  progress: async (value: unknown, { progress }: TaskContext) => {
    const total = value as number;
    for (let done = 0; done <= total; done++) {
      progress({ done, total, unit: 'steps' });
      await wait(1);
    }
  },
  stages: (value: unknown, { progress }: TaskContext) => {
    const total = value as number;
    for (let done = 0; done < total; done++) progress({ done, total, unit: 'stages', message: `stage ${done}` });
  },
  badProgress: (_value: unknown, { progress }: TaskContext) => progress({ done: 0 / 0, total: 1, unit: 'steps' }),
  emit: async (value: unknown, { emit }: TaskContext) => {
    const answers: unknown[] = [];
    for (const event of value as unknown[]) {
      answers.push(
        await emit(event).then(
          () => 'heard',
          (reason: unknown) => (reason as Failure).toJSON(),
        ),
      );
    }
    return answers;
  },
  emitAtOnce: async (value: unknown, { emit }: TaskContext) => {
    await Promise.all((value as unknown[]).map((event) => emit(event)));
  },
  write: (value: unknown) => {
    const line = `${'x'.repeat(1000)}\n`;
    for (let i = 0; i < (value as number); i++) process.stderr.write(line);
    process.stdout.write('the end\n');
    throw new Failure('MODEL_EMPTY', 'wrote enough');
  },
} satisfies Record<string, (value: unknown, context: TaskContext) => unknown>;

export default function behave({ how, value }: Behaviour, context: TaskContext): unknown {
  return BEHAVIOURS[how](value, context);
}
