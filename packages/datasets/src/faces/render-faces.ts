import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { mapLimited } from '../map-limited.ts';
import type { OnProgress } from '../progress.ts';
import type { DatasetSchema } from '../schema/dataset-schema.ts';
import { EMOTIONS } from './emotion.ts';
import { ACCESSORIES, FACIAL_HAIR, type FaceTruth } from './face-truth.ts';
import { renderFace } from './render-face.ts';

export interface FacesRequest {
  readonly count: number;
  /** A whole number from 0. */
  readonly seed: number;
  /** Created where it does not exist. */
  readonly folder: string;
  /** Pixels a side. Default 64. */
  readonly size?: number;
  /** Default 32; at least 8. */
  readonly persons?: number;
  /** Blurred and cropped unevenly too, and with pitch and valence among the tasks. Default false. */
  readonly wild?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** The seven tasks of the paper (section 2), and yaw as a continuous one. */
export const FACE_SCHEMA = {
  subject: 'identity',
  tasks: {
    identity: { type: 'categorical', column: 'identity', mirror: 'unchanged' },
    gender: { type: 'binary', column: 'gender', classes: ['female', 'male'], mirror: 'unchanged' },
    facial_hair: { type: 'multilabel', columns: [...FACIAL_HAIR], mirror: 'unchanged' },
    accessories: { type: 'multilabel', columns: [...ACCESSORIES], mirror: 'unchanged' },
    age: {
      type: 'ordered',
      column: 'age',
      bins: [10, 20, 30, 40, 50, 60, 70, 80, 90],
      unit: 'years',
      mirror: 'unchanged',
    },
    emotion: { type: 'categorical', column: 'emotion', classes: [...EMOTIONS], mirror: 'unchanged' },
    head_pose: {
      type: 'ordered',
      columns: ['yaw', 'pitch'],
      bins: [
        [-20, 20],
        [-10, 10],
      ],
      unit: 'degrees',
      mirror: { negate: [0] },
    },
    yaw: { type: 'continuous', column: 'yaw', unit: 'degrees', mirror: { negate: [0] } },
  },
} satisfies DatasetSchema;

/** The same with what faces in the wild are labelled with besides: pitch, and how pleasant the expression looks. */
export const WILD_FACE_SCHEMA = {
  ...FACE_SCHEMA,
  tasks: {
    ...FACE_SCHEMA.tasks,
    pitch: { type: 'continuous', column: 'pitch', unit: 'degrees', mirror: 'unchanged' },
    valence: { type: 'continuous', column: 'valence', mirror: 'unchanged' },
  },
} satisfies DatasetSchema;

const COLUMNS = ['image', 'identity', 'gender', 'age', 'emotion', 'yaw', 'pitch', ...FACIAL_HAIR, ...ACCESSORIES];

/**
 * Renders a data set of drawn faces with known labels: images/*.png, schema.json and labels.csv. Face i of a seed is
 * the same in every set with as many persons. labels.csv comes last: a set that was cut off has none.
 * @throws DATASET_OPTION_INVALID, DATASET_NOT_WRITABLE, the signal's reason
 */
export async function renderFaces(request: FacesRequest): Promise<{ images: number; persons: number }> {
  const { count, seed, folder, size = 64, persons = 32, wild = false, onProgress, signal } = request;
  requireInteger('count', count, 1, 1_000_000);
  requireInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('size', size, 16, 1_024);
  requireInteger('persons', persons, 8, 10_000);
  const lines = new Array<string>(count);
  let done = 0;
  const render = async (index: number): Promise<void> => {
    const { png, truth, valence } = await renderFace({ seed, index, persons, size, wild });
    const image = `images/${String(index).padStart(6, '0')}.png`;
    await writeFile(join(folder, image), png);
    lines[index] = wild ? `${row(image, truth)},${valence.toFixed(3)}` : row(image, truth);
    done += 1;
    onProgress?.({ done, total: count, unit: 'images' });
  };
  try {
    await mkdir(join(folder, 'images'), { recursive: true });
    await rm(join(folder, 'labels.csv'), { force: true });
    // Four, because libuv has four threads: one picture in each, the next ones ready.
    await mapLimited(count, 8, render, signal);
    await writeFile(join(folder, 'schema.json'), `${JSON.stringify(wild ? WILD_FACE_SCHEMA : FACE_SCHEMA, null, 2)}\n`);
    const partial = join(folder, 'labels.csv.partial');
    await writeFile(partial, `${[[...COLUMNS, ...(wild ? ['valence'] : [])].join(','), ...lines].join('\n')}\n`);
    await rename(partial, join(folder, 'labels.csv'));
  } catch (error) {
    throw asFailure(error, folder);
  }
  return { images: count, persons };
}

function row(image: string, truth: FaceTruth): string {
  const { identity, gender, age, emotion, yaw, pitch, facialHair, accessories } = truth;
  const person = `person_${String(identity).padStart(3, '0')}`;
  const yes = FACIAL_HAIR.map((kind) => (facialHair.has(kind) ? 1 : 0));
  const worn = ACCESSORIES.map((kind) => (accessories.has(kind) ? 1 : 0));
  return [image, person, gender, age, emotion, yaw, pitch, ...yes, ...worn].join(',');
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new Failure('DATASET_OPTION_INVALID', `${name} is ${value}`, {
    where: name,
    fix: `a whole number from ${least} to ${most}`,
  });
}

/** An error of the file system as a Failure; anything else (an abort, a defect) as it is. */
function asFailure(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const fix = 'check the folder, its rights and the free space';
  return new Failure('DATASET_NOT_WRITABLE', `the faces could not be written: ${error.message}`, {
    where: folder,
    fix,
    cause: error,
  });
}
