import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type KneepointClient, RunDocument, type RunFieldsFragment } from '@kneepoint/client';
import { writeTextFile } from '../write-text-file.ts';

/** What was imported of files, and what they looked like then. */
interface Remembered {
  readonly looks: string;
  /** Id of the run that imported them. */
  readonly run: string;
}

/** Files that an import of a model looks for beside it. */
const BESIDE: readonly string[] = ['config.json', 'preprocessor_config.json', 'labels.txt'];
/** A file that is larger than this carries its weights itself. */
const MOST_SKELETON_BYTES = 64 * 2 ** 20;
/** Looks are taken of so many files at once. */
const TOGETHER = 64;

/** Which files an import reads, and what else decides what comes of it. */
export interface ImportSubject {
  readonly kind: 'model' | 'dataset';
  readonly path: string;
  /** How it is to be called. */
  readonly name: string;
  /** Everything else that was asked for. */
  readonly options: object;
}

/**
 * Remembers imports in a file, so that what has not changed is not read, packed and sent again: neither size nor time of modification or
 * of change of any file. What a gateway has forgotten is imported again.
 */
export class Imports {
  readonly #file: string;
  /** Tells gateways apart. */
  readonly #place: string;

  constructor(file: string, place: string) {
    this.#file = file;
    this.#place = place;
  }

  /** The run that imported the same before, or a new one. `known`: whether it was there already. */
  async once(
    client: KneepointClient,
    subject: ImportSubject,
    work: () => Promise<RunFieldsFragment>,
  ): Promise<{ readonly run: RunFieldsFragment; readonly known: boolean }> {
    const { kind, name, options } = subject;
    const path = resolve(subject.path);
    const key = sum([this.#place, kind, path, name, options]);
    const looks = await looksOf(kind, path);
    const before = (await this.#read())[key];
    if (before !== undefined && before.looks === looks) {
      const { run } = await client.query(RunDocument, { id: before.run });
      if (run?.state === 'SUCCEEDED' && run[kind]?.name === name) return { run, known: true };
    }
    const run = await work();
    await this.#keep(key, { looks, run: run.id });
    return { run, known: false };
  }

  async #read(): Promise<Readonly<Record<string, Remembered>>> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as Readonly<Record<string, Remembered>>;
    } catch {
      // A memory that cannot be read is none.
      return {};
    }
  }

  async #keep(key: string, remembered: Remembered): Promise<void> {
    const text = JSON.stringify({ ...(await this.#read()), [key]: remembered });
    // Whoever cannot keep it imports again the next time.
    await writeTextFile(this.#file, text).catch(() => undefined);
  }
}

async function looksOf(kind: ImportSubject['kind'], path: string): Promise<string> {
  const files = kind === 'model' ? await filesOfModel(path) : await filesOfFolder(path);
  const looks: string[] = [];
  for (let at = 0; at < files.length; at += TOGETHER) {
    looks.push(...(await Promise.all(files.slice(at, at + TOGETHER).map(lookOf))));
  }
  return sum(looks);
}

async function lookOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? `${path} none` : `${path} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}

async function filesOfFolder(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return [path];
  return (await readdir(path, { recursive: true })).sort().map((name) => join(path, name));
}

/** The file, what may lie beside it, and the files of its weights. */
async function filesOfModel(path: string): Promise<readonly string[]> {
  const beside = [
    `${path.replace(/\.onnx$/i, '')}.preprocess.json`,
    ...BESIDE.map((name) => join(dirname(path), name)),
  ];
  const { size = Infinity } = (await stat(path).catch(() => undefined)) ?? {};
  if (size > MOST_SKELETON_BYTES) return [path, ...beside];
  const { decodeModel } = await import('@kneepoint/onnx');
  const locations = new Set<string>();
  try {
    for (const { externalData } of decodeModel(await readFile(path)).graph?.initializer ?? []) {
      for (const { key, value } of externalData) if (key === 'location') locations.add(join(dirname(path), value));
    }
  } catch {
    // What is wrong with it is for the import to say.
  }
  return [path, ...beside, ...locations];
}

function sum(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
