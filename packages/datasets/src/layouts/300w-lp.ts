import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { readMat5 } from './mat.ts';

const DEGREES = 180 / Math.PI;

/** Inner edges of the three bins of an angle, in degrees. */
const EDGES = [-30, 30];

/** Beyond this an angle is a fit gone wrong. */
const LARGEST = 180;

/** The column of the subject, and where it stands. */
const FACE = 'face';
const FACE_AT = 4;

const MIRRORED = { mirror: { negate: [0] } };

/** 300W-LP and AFLW2000-3D: `NAME.mat` beside `NAME.jpg`, whose Pose_Para begins with pitch, yaw and roll in radians. */
export const poseMat: Layout = {
  name: '300w-lp',
  async recognises(listing) {
    const [first] = pairsOf(listing);
    if (first === undefined) return undefined;
    return (await poseOf(listing, first.mat)) === undefined ? undefined : SURE.marked;
  },
  async read(listing, { skipped, signal }) {
    const rows: Row[] = [];
    const pairs = pairsOf(listing);
    const paired = new Set(pairs.map(({ image }) => image));
    for (const path of listing.images) if (!paired.has(path)) skipped.malformed('an image without its .mat', path);
    for (const { mat, image } of pairs) {
      signal?.throwIfAborted();
      const pose = await poseOf(listing, mat);
      if (pose === undefined) skipped.malformed('a .mat without Pose_Para', mat);
      else if (!pose.every((angle) => Math.abs(angle) <= LARGEST)) skipped.malformed('angles beyond 180 degrees', mat);
      else rows.push({ line: 0, cells: [image, ...pose.map((angle) => angle.toFixed(4)), faceOf(image)] });
    }
    // Of AFLW2000, where each picture shows another face, a subject would say nothing.
    const several = new Set(rows.map(({ cells }) => cells[FACE_AT])).size < rows.length;
    return {
      table: { file: 'mat files', columns: [IMAGE_COLUMN, 'pitch', 'yaw', 'roll', FACE], rows },
      hints: {
        ...(several ? { subject: FACE } : {}),
        ignore: [FACE],
        tasks: {
          pose: {
            type: 'ordered',
            columns: ['pitch', 'yaw'],
            bins: [EDGES, EDGES],
            unit: 'degrees',
            mirror: { negate: [1] },
          },
          pitch: { type: 'continuous', column: 'pitch', unit: 'degrees' },
          yaw: { type: 'continuous', column: 'yaw', unit: 'degrees', ...MIRRORED },
          roll: { type: 'continuous', column: 'roll', unit: 'degrees', ...MIRRORED },
        },
      },
      found: `${rows.length} images with pitch, yaw and roll, in 3 x 3 bins of pitch and yaw at -30 and 30 degrees`,
    };
  },
};

/** The face that an image shows: 300W-LP turns one into many (`AFW_1234_1_0` to `_17`) and mirrors them in `AFW_Flip`. */
function faceOf(image: string): string {
  const name = posix.basename(image, posix.extname(image));
  const face = /^(?:AFW|HELEN|IBUG|LFPW)_.+(?=_\d+$)/i.exec(name)?.[0] ?? name;
  return posix.join(posix.dirname(image).replace(/_Flip(?=\/|$)/g, ''), face);
}

function pairsOf(listing: Listing): { readonly mat: string; readonly image: string }[] {
  return listing.files
    .filter((file) => file.endsWith('.mat'))
    .flatMap((mat) => {
      const stem = mat.slice(0, -4);
      const image = ['.jpg', '.png', '.JPG'].map((end) => stem + end).find((path) => listing.has(path));
      return image === undefined ? [] : [{ mat, image }];
    });
}

/** Pitch, yaw and roll in degrees; undefined where the file does not say. */
async function poseOf(listing: Listing, file: string): Promise<readonly number[] | undefined> {
  try {
    const pose = readMat5(await listing.read(file))['Pose_Para'];
    if (!(pose instanceof Float64Array) || pose.length < 3) return undefined;
    return [...pose.subarray(0, 3)].map((angle) => angle * DEGREES);
  } catch {
    // Anything that is no such file, or is cut off.
    return undefined;
  }
}
