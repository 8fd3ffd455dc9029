import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { sharp } from '../images/sharp.ts';

export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files, removed when the test ends. */
export async function folderOf(files: Files = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-datasets-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
  return folder;
}

/** A small PNG of one colour; equal shades give equal bytes. */
export function pngOf(shade: number, width = 4, height = 4): Promise<Buffer> {
  const background = { r: shade, g: 255 - shade, b: 7 };
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

/** A folder of images a.png, b.png, c.png, d.png and the files given. */
export async function imageFolder(files: Files): Promise<string> {
  const images = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name, i) => [`${name}.png`, await pngOf(i)] as const),
  );
  return folderOf({ ...Object.fromEntries(images), ...files });
}

/** A valid PNG header that announces a picture of any size, without the picture. */
export function pngBomb(width: number, height: number): Buffer {
  const body = Buffer.alloc(17);
  body.write('IHDR', 0, 'latin1');
  body.writeUInt32BE(width, 4);
  body.writeUInt32BE(height, 8);
  body.set([8, 2, 0, 0, 0], 12);
  const chunk = Buffer.alloc(25);
  chunk.writeUInt32BE(13, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), 21);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk, idat()]);
}

function idat(): Buffer {
  const chunk = Buffer.from('\0\0\0\x08IDAT\x78\x9c\x03\0\0\0\0\x01\0\0\0\0', 'latin1');
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 16)), 16);
  return chunk;
}

/** The Failure that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => 'nothing was thrown',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}
