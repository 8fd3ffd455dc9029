import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a Python script and gives what it printed last, as JSON. Throws an Error with what went wrong, in one line. */
export function python(script: URL, ...args: readonly string[]): Promise<unknown> {
  return pythonOf(INTERPRETER, script, ...args);
}

/** The same by another interpreter. */
export async function pythonOf(interpreter: string, script: URL, ...args: readonly string[]): Promise<unknown> {
  const child = spawn(interpreter, ['-B', fileURLToPath(script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, end] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => resolve(signal ?? (code === 0 ? '' : `exit ${code}`)));
    }),
  ]);
  if (end === 'SIGKILL' || end === 'SIGXCPU') throw new Error('did not end within the time it was given');
  if (end !== '') throw new Error(lastLine(stderr) || end);
  return JSON.parse(lastLine(stdout)) as unknown;
}

// Without -B, Python would leave compiled copies of the scripts beside them.
const INTERPRETER = process.env['PYTHON'] ?? '/usr/bin/python3';
/** The end of an exporter's output is enough to say why it failed. */
const KEPT = 100_000;

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let found = '';
  for await (const chunk of stream) found = (found + chunk.toString()).slice(-KEPT);
  return found;
}

function lastLine(found: string): string {
  return found.trim().split('\n').at(-1) ?? '';
}
