import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { program } from '../support/available.ts';
import type { Fed } from './answers-of.ts';

/** A file and what was cut from it, with what both are fed. */
export interface PythonCase {
  readonly name: string;
  readonly whole: string;
  readonly cut: string;
  readonly feeds: readonly Fed[];
  /** Of the largest answer. */
  readonly tolerance: number;
}

/** What Python finds wrong, one line each: `onnx.checker` of what was cut, and both answers. One process for all files. */
export async function checkInPython(folder: string, cases: readonly PythonCase[]): Promise<string[]> {
  const parts: Buffer[] = [];
  let offset = 0;
  const listed = cases.map(({ feeds, ...rest }) => ({
    ...rest,
    feeds: feeds.map(({ name, type, dims, data }) => {
      const feed = { name, type, dims, offset };
      parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      offset += data.byteLength;
      return feed;
    }),
  }));
  const [list, numbers] = [join(folder, 'cases.json'), join(folder, 'feeds.bin')];
  await writeFile(list, JSON.stringify(listed));
  await writeFile(numbers, Buffer.concat(parts));
  const python = join(dirname(program('onnxruntime')), 'python');
  const script = join(import.meta.dirname, 'check.py');
  const { stdout } = await promisify(execFile)(python, ['-B', script, list, numbers], { maxBuffer: 2 ** 24 });
  return stdout.split('\n').filter(Boolean);
}
