import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_PREPROCESS, decodePixels, inspectImage } from '@kneepoint/datasets';
import type { TaskContext } from '@kneepoint/runtime';
import importDataset from '../../services/extractor/src/tasks/import-dataset.task.ts';
import inspect from '../../services/extractor/src/tasks/inspect.task.ts';
import { drawOf } from './draw.ts';
import { lieOfLength } from './lie-of-length.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateModel } from './mutate-model.ts';
import { soundArchives, soundManifests } from './sources/data-sets.ts';
import { filesIn, ownModels } from './sources/models.ts';
import { soundPictures } from './sources/pictures.ts';

/** What is spoiled, and the door of the product that it is brought to. */
export interface Subject {
  /** Spoils one of the sources by a seed and imports it. Throws what the product throws. */
  attempt(seed: number, folders: readonly string[], context: TaskContext): Promise<void>;
  /** What a seed spoils, for the report. */
  describe(seed: number, folders: readonly string[]): Promise<string>;
  /** The spoiled bytes, to look at. */
  bytes(seed: number, folders: readonly string[]): Promise<Buffer>;
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

const own = once(ownModels);
const pictures = once(soundPictures);
const manifests = once(soundManifests);
const archives = once(soundArchives);
const elsewhere = once(() => new Map<string, readonly [string, () => Uint8Array][]>());

/** Files of other folders are larger and slower: one in six. */
function modelOf(seed: number, folders: readonly string[]): { name: string; spoiled: () => Buffer } {
  const draw = drawOf(seed);
  const known = elsewhere();
  const others = folders.flatMap((folder) => {
    if (!known.has(folder)) known.set(folder, filesIn(folder));
    return known.get(folder) ?? [];
  });
  // Drawn first: what becomes of a seed that stays here must not depend on the folders.
  const away = draw.chance(1 / 6);
  const [name, read] = draw.one(away && others.length > 0 ? others : [...own()]);
  const spoil = draw.one(['messages', 'messages', 'messages', 'bytes', 'length'] as const);
  return {
    name: `${name} by ${spoil}`,
    spoiled: () => {
      const bytes = Buffer.from(read());
      return spoil === 'messages'
        ? mutateModel(bytes, draw)
        : spoil === 'bytes'
          ? mutateBytes(bytes, draw)
          : lieOfLength(bytes, draw);
    },
  };
}

const models: Subject = {
  async attempt(seed, folders, context) {
    const path = join(context.tempDir, 'model.onnx');
    await writeFile(path, modelOf(seed, folders).spoiled());
    const { inspection } = await inspect({ path, outFolder: context.tempDir }, context);
    refuseNotFinite(inspection, 'inspection');
  },
  describe: (seed, folders) => Promise.resolve(modelOf(seed, folders).name),
  bytes: (seed, folders) => Promise.resolve(modelOf(seed, folders).spoiled()),
};

async function pictureOf(seed: number): Promise<{ name: string; bytes: Buffer }> {
  const draw = drawOf(seed);
  const [name, bytes] = draw.one([...(await pictures())]);
  return { name, bytes: mutateBytes(bytes, draw) };
}

const images: Subject = {
  async attempt(seed) {
    const { bytes } = await pictureOf(seed);
    await inspectImage(bytes, 'image');
    await decodePixels(bytes, DEFAULT_PREPROCESS, { width: 16, height: 16 }, 'image');
  },
  describe: async (seed) => (await pictureOf(seed)).name,
  bytes: async (seed) => (await pictureOf(seed)).bytes,
};

async function setOf(
  seed: number,
): Promise<{ name: string; files: Readonly<Record<string, string | Buffer>>; bytes: Buffer }> {
  const draw = drawOf(seed);
  if (draw.chance(0.5)) {
    const [name, bytes] = draw.one([...(await archives())]);
    const spoiled = mutateBytes(bytes, draw);
    return { name, files: { archive: spoiled }, bytes: spoiled };
  }
  const { spoiled, files } = draw.one(await manifests());
  const bytes = mutateBytes(Buffer.from(files[spoiled] ?? ''), draw);
  return {
    name: spoiled,
    files: Object.fromEntries(
      Object.entries({ ...files, [spoiled]: bytes }).map(([file, contents]) => [`set/${file}`, contents]),
    ),
    bytes,
  };
}

const dataSets: Subject = {
  async attempt(seed, _folders, context) {
    const { files } = await setOf(seed);
    for (const [name, contents] of Object.entries(files)) {
      const path = join(context.tempDir, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }
    const path = join(context.tempDir, 'archive' in files ? 'archive' : 'set');
    const outFolder = join(context.tempDir, 'out');
    await mkdir(outFolder);
    const {
      archivePath: _archive,
      manifestPath: _manifest,
      ...said
    } = await importDataset({ path, outFolder }, context);
    refuseNotFinite(said, 'data set');
  },
  describe: async (seed) => (await setOf(seed)).name,
  bytes: async (seed) => (await setOf(seed)).bytes,
};

export const SUBJECTS = { models, images, 'data sets': dataSets } as const satisfies Record<string, Subject>;

export type SubjectName = keyof typeof SUBJECTS;

/** JSON has no word for what is not finite: it would be stored as null. */
function refuseNotFinite(value: unknown, where: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${where} is ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) refuseNotFinite(inner, `${where}.${key}`);
}
