import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real server on a free port of this machine, with its data in a temporary folder. */
export interface RunningService {
  /** What Kneepoint's configuration takes. */
  readonly url: string;
  readonly port: number;
  /** Ends the process and keeps its data. SIGKILL is a crash, SIGSTOP freezes it until SIGCONT. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, after `signal` ended it. Resolves when it answers. */
  start(): Promise<void>;
  /** `signal('SIGTERM')`, then `start()`. */
  restart(): Promise<void>;
  /** Ends it and empties its data folder; `start()` begins anew. */
  wipe(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly name: string;
  readonly program: string;
  readonly arguments: (folder: string, port: number) => readonly string[];
  readonly url: (port: number) => string;
  /** Rejects while the server does not answer. */
  readonly ready: (port: number) => Promise<void>;
  /** Fills a fresh data folder. */
  readonly prepare?: (folder: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
  /** The user that the server runs as, when it refuses to be root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** How it wants to be asked to end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to answer. Default 30 s. */
  readonly startMs?: number;
}

const START_MS = 30_000;

export async function startServer(plan: ServerPlan): Promise<RunningService> {
  const home = mkdtempSync(join(tmpdir(), `kneepoint-${plan.name}-`));
  const folder = join(home, 'data');
  const port = await freePort();
  let child: ChildProcess | undefined;
  let output = '';

  const start = async (): Promise<void> => {
    const begun = spawn(plan.program, plan.arguments(folder, port), {
      cwd: home,
      env: { ...process.env, ...plan.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...plan.user,
    });
    child = begun;
    begun.on('error', (error) => (output += error.message));
    for (const stream of [begun.stdout, begun.stderr]) {
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    }
    const deadline = Date.now() + (plan.startMs ?? START_MS);
    for (;;) {
      try {
        await plan.ready(port);
        return;
      } catch (error) {
        if (begun.exitCode !== null || Date.now() > deadline) {
          throw new Error(`${plan.name} did not start: ${output}`, { cause: error });
        }
        await sleep(50);
      }
    }
  };

  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(name);
    if (name !== 'SIGSTOP' && name !== 'SIGCONT') await once(running, 'exit');
  };

  const end = (): Promise<void> => signal(plan.stopSignal ?? 'SIGTERM');
  const wipe = async (): Promise<void> => {
    await end();
    rmSync(folder, { recursive: true, force: true });
    plan.prepare?.(folder);
  };

  // a test run that is interrupted must not leave servers behind
  const onExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', onExit);

  plan.prepare?.(folder);
  await start();
  return {
    url: plan.url(port),
    port,
    signal,
    start,
    restart: async () => {
      await end();
      await start();
    },
    wipe,
    stop: async () => {
      await signal('SIGCONT');
      await end();
      process.removeListener('exit', onExit);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
