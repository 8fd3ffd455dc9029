import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderFaces } from '@kneepoint/datasets';
import { encodeModel, vggStyle } from '@kneepoint/onnx';
import type { Report, ReportResult } from '@kneepoint/workflow';

/** Of an administrator; every process that tests start knows it, as a gateway and as a client. */
export const ADMIN_TOKEN = 'the-admin-token-of-processes-in-tests';

/** What a request of GraphQL needs that a test sends by itself. */
export const JSON_HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` } as const;

const BIN = fileURLToPath(new URL('../../packages/cli/bin/kneepoint.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Largest file that the process and its children may write, in KB: a disk that is full, without being root. */
  readonly fileLimitKb?: number;
  /** The command, where it is not that of this repository. */
  readonly bin?: string;
}

/** A `kneepoint` process, as a person would start it. */
export class Kneepoint {
  readonly child: ChildProcess;
  #stdout = '';
  #stderr = '';
  readonly #ended: Promise<Finished>;

  constructor(args: readonly string[], { env = {}, cwd, fileLimitKb, bin = BIN }: RunOptions = {}) {
    // Where whoever runs the tests works must not lead them elsewhere.
    const { KNEEPOINT_URL: _url, KNEEPOINT_PROFILE: _profile, KNEEPOINT_PROJECT: _project, ...inherited } = process.env;
    const identity = {
      KNEEPOINT_ADMIN_TOKEN: ADMIN_TOKEN,
      KNEEPOINT_TOKEN: ADMIN_TOKEN,
      XDG_CONFIG_HOME: '/nonexistent',
      // What was imported where is remembered by nobody.
      XDG_CACHE_HOME: '/dev/null',
    };
    const command = [process.execPath, bin, ...args];
    // A write beyond the limit is to fail, not to end the process.
    const limit = `trap '' XFSZ; ulimit -f ${fileLimitKb}; exec "$@"`;
    const [program, ...rest] = fileLimitKb === undefined ? command : ['bash', '-c', limit, 'bash', ...command];
    this.child = spawn(program!, rest, {
      env: { ...inherited, ...identity, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as a shell gives to a command: Ctrl-C reaches all of it.
      detached: true,
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  finished(): Promise<Finished> {
    return this.#ended;
  }

  /** Resolves once the output matches; rejects when the process ends without that. */
  async says(pattern: RegExp, timeoutMs = 180_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${String(pattern)} was not said:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What a terminal does on Ctrl-C: the signal goes to the command and to all of its children. */
  interrupt(): void {
    process.kill(-this.child.pid!, 'SIGINT');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal);
    return this.#ended;
  }
}

/** Runs a command to its end. */
export function kneepoint(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return new Kneepoint(args, options).finished();
}

/** Runs a command that must succeed and gives the JSON that it prints. */
export async function kneepointJson<T>(args: readonly string[], options?: RunOptions): Promise<T> {
  const { code, stdout, stderr } = await kneepoint([...args, '--json'], options);
  if (code !== 0) throw new Error(`kneepoint ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The same of a command that prints a report with one result. */
export async function kneepointResult(args: readonly string[], options?: RunOptions): Promise<ReportResult> {
  const { results } = await kneepointJson<Report>(args, options);
  const [result, ...others] = results;
  if (result && others.length === 0) return result;
  throw new Error(`the report has ${results.length} results, not one`);
}

export interface Sample {
  readonly model: string;
  readonly faces: string;
}

export interface SampleOptions {
  /** Images. */
  readonly count?: number;
  readonly seed?: number;
  /** Filters of the network's layers. */
  readonly widths?: readonly (number | 'pool')[];
}

/** A small network with its preprocessing and a small set of faces, in a folder. */
export async function makeSample(
  folder: string,
  { count = 240, seed = 1, widths = [8, 8, 'pool', 12, 12, 'pool', 16] }: SampleOptions = {},
): Promise<Sample> {
  await mkdir(folder, { recursive: true });
  const model = join(folder, 'small.onnx');
  const net = vggStyle({ widths, size: 32, seed, batchNorm: true });
  await writeFile(model, encodeModel(net));
  await writeFile(
    join(folder, 'small.preprocess.json'),
    JSON.stringify({ channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] }),
  );
  const faces = join(folder, 'faces');
  await renderFaces({ folder: faces, count, seed, size: 32 });
  return { model, faces };
}
