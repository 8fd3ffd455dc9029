/**
 * `npx tsx test/engines/run.ts`: pruned networks beside their originals in engines other than ONNX Runtime, and docs/engines.md. Engines come
 * from PyPI into .kneepoint/engines, in the versions that are named here. Exits 1 where an original is right and what was left of it is not.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine } from '../../bench/support/machine.ts';
import { type Pair, pairs, type Side } from './pairs.ts';
import { type Found, report } from './report.ts';

/** pnnx asks for PyTorch, which its converter does not use. */
const PACKAGES = [
  'numpy==2.4.6',
  'openvino==2026.4.1',
  'opencv-python-headless==4.14.0.94',
  'ncnn==1.0.20261020',
  'tract==0.23.9',
];
const ALONE = ['pnnx==20261020'];
const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(
  ROOT,
  '.kneepoint',
  'engines',
  [...PACKAGES, ...ALONE].map((name) => name.replace('==', '-')).join('+'),
);

await install();
const folder = await mkdtemp(join(tmpdir(), 'kneepoint-engines-'));
try {
  const made = await pairs();
  const list = await written(made, folder);
  const lines = await output(join(FOLDER, 'bin', 'python'), ['-B', join(import.meta.dirname, 'engines.py'), ...list]);
  const found = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Found);
  const { text, ours } = report(found, {
    networks: made.map(({ name }) => name),
    machine: machine(),
    packages: [...PACKAGES.slice(1), ...ALONE],
  });
  await writeFile(join(ROOT, 'docs', 'engines.md'), text);
  process.stdout.write(text);
  for (const line of ours) process.stderr.write(`${line}\n`);
  process.exitCode = ours.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function install(): Promise<void> {
  if (existsSync(FOLDER)) return;
  const fresh = `${FOLDER}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(FOLDER, '..'), { recursive: true });
  await output('python3', ['-m', 'venv', fresh]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await output(join(fresh, 'bin', 'python'), [...pip, ...PACKAGES]);
  await output(join(fresh, 'bin', 'python'), [...pip, '--no-deps', ...ALONE]);
  await rename(fresh, FOLDER);
}

/** The files of all pairs, a list of them, and one file with all numbers. */
async function written(made: readonly Pair[], to: string): Promise<[string, string]> {
  const numbers: Float32Array[] = [];
  let offset = 0;
  const part = (data: Float32Array) => {
    numbers.push(data);
    offset += data.length;
    return { offset: offset - data.length, count: data.length };
  };
  const listed = [];
  for (const [i, { name, dims, image, ...sides }] of made.entries()) {
    const side = async ({ bytes, answers }: Side, which: string) => {
      const path = join(to, `${i}-${which}.onnx`);
      await writeFile(path, bytes);
      return {
        path,
        answers: Object.fromEntries(Object.entries(answers).map(([output, data]) => [output, part(data)])),
      };
    };
    const [original, pruned] = [await side(sides.original, 'original'), await side(sides.pruned, 'pruned')];
    listed.push({ name, dims, image: part(image), original, pruned });
  }
  const files: [string, string] = [join(to, 'pairs.json'), join(to, 'numbers.bin')];
  await writeFile(files[0], JSON.stringify(listed));
  await writeFile(
    files[1],
    Buffer.concat(numbers.map((data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))),
  );
  return files;
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.on('close', resolve)));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return text;
}
