import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Preprocess } from '@kneepoint/datasets';
import { writeTextFile } from '../write-text-file.ts';

/** What is written beside a network, where the file does not say it itself. */
export interface Known {
  readonly preprocess?: Preprocess | undefined;
  readonly labels?: readonly string[] | undefined;
}

/**
 * Writes what a user of a network needs beside it: NAME.preprocess.json, and labels.txt with one name a line in the order of the outputs,
 * NAME.labels.txt where another network's lies there. Both are in the file's metadata, too; without them there nothing is written.
 * Resolves with the paths.
 */
export async function writeBeside(path: string, known: Known = {}): Promise<readonly string[]> {
  const said = await saidIn(path);
  const stem = path.replace(/\.onnx$/i, '');
  const written: string[] = [];
  const preprocess = known.preprocess ?? said.preprocess;
  if (preprocess) {
    written.push(`${stem}.preprocess.json`);
    await writeTextFile(written.at(-1)!, `${JSON.stringify(preprocess)}\n`);
  }
  const labels = known.labels ?? said.labels;
  if (labels && labels.length > 0) {
    // A line is a name.
    const text = `${labels.map((label) => label.replaceAll(/\s*[\r\n]+\s*/g, ' ')).join('\n')}\n`;
    const common = join(dirname(path), 'labels.txt');
    const other = await textOf(common);
    written.push(other === undefined || other === text ? common : `${stem}.labels.txt`);
    await writeTextFile(written.at(-1)!, text);
  }
  return written;
}

async function saidIn(path: string): Promise<Known> {
  const { decodeModel } = await import('@kneepoint/onnx');
  const entries = new Map(decodeModel(await readFile(path)).metadataProps.map(({ key, value }) => [key, value]));
  return {
    preprocess: json(entries.get('kneepoint.preprocess')) as Preprocess | undefined,
    labels: json(entries.get('kneepoint.classes')) as readonly string[] | undefined,
  };
}

function json(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
