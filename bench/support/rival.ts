import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * A rival in a process of its own, held to one thread: a Python script that answers every line of JSON with one.
 * Debian's Python runs it unless another interpreter is given; PYTHON names one for all.
 */
export class Rival {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string, undefined>;
  /** Its versions; undefined where what it needs is missing. */
  readonly versions: Promise<string | undefined>;

  constructor(script: URL, interpreter = process.env['PYTHON'] ?? '/usr/bin/python3') {
    const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    // A kernel that the environment forces on OpenBLAS would hold the rival below what the machine can do.
    const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...env } = process.env;
    this.#child = spawn(interpreter, [fileURLToPath(script)], {
      env: { ...env, ...threads },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // A missing interpreter shows as the end of its output.
    this.#child.on('error', () => undefined);
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.versions = this.#answer().then((first) => (first as { versions: string } | undefined)?.versions);
  }

  async ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answer();
    if (answer === undefined) throw new Error('the rival ended before its answer');
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #answer(): Promise<unknown> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : (JSON.parse(value) as unknown);
  }
}

/** Said loudly wherever a comparison was left out. */
export const NO_RIVAL = 'NOT RUN: scikit-learn is missing (apt-get install python3-sklearn)';

/** Seconds of processor time that a piece of work takes here: other work on the machine hardly moves it. */
export function processorSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
