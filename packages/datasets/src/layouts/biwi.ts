import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { eulerAngles } from './euler-angles.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';

const POSE = /^(frame_\d+)_pose\.txt$/;

/** How far from a rotation a matrix of printed numbers may be. */
const TOLERANCE = 0.02;

/**
 * Biwi Kinect: `NN/frame_XXXXX_pose.txt` with a 3 × 3 rotation and the centre of the head, `frame_XXXXX_rgb.png`. Which of the
 * 24 sequences show the same of 20 people is not in the files: a sequence is a subject.
 */
export const biwi: Layout = {
  name: 'biwi',
  recognises: (listing) => Promise.resolve(posesOf(listing).length > 0 ? SURE.marked : undefined),
  async read(listing, { skipped }) {
    const rows: Row[] = [];
    for (const file of posesOf(listing)) {
      const stem = file.replace(/_pose\.txt$/, '');
      const image = ['rgb.png', 'rgb.jpg'].map((end) => `${stem}_${end}`).find((path) => listing.has(path));
      const numbers = (await listing.read(file)).toString('utf8').trim().split(/\s+/).map(Number);
      const rotation = numbers.slice(0, 9);
      if (image === undefined) skipped.malformed('a pose whose image is not there', file);
      else if (numbers.length !== 12 || !numbers.every(Number.isFinite))
        skipped.malformed('a pose that is not twelve numbers', file);
      else if (!isRotation(rotation)) skipped.malformed('a matrix that is no rotation', file);
      else {
        const angles = eulerAngles(rotation).map((angle) => angle.toFixed(4));
        rows.push({ line: 0, cells: [image, ...angles, posix.basename(posix.dirname(file))] });
      }
    }
    return {
      table: { file: 'poses', columns: [IMAGE_COLUMN, 'pitch', 'yaw', 'roll', 'sequence'], rows },
      hints: {
        subject: 'sequence',
        ignore: ['sequence'],
        tasks: Object.fromEntries(
          ['pitch', 'yaw', 'roll'].map((name) => [
            name,
            { type: 'continuous' as const, column: name, unit: 'degrees', ...(name === 'pitch' ? {} : MIRRORED) },
          ]),
        ),
      },
      found: `${rows.length} frames with pitch, yaw and roll, split by sequence`,
    };
  },
};

/** A mirrored picture turns and leans the other way. */
const MIRRORED = { mirror: { negate: [0] } };

function posesOf(listing: Listing): string[] {
  return listing.files.filter((file) => POSE.test(posix.basename(file)));
}

/** Whether the rows are orthogonal and of length 1. */
function isRotation(matrix: readonly number[]): boolean {
  const row = (i: number): readonly number[] => matrix.slice(3 * i, 3 * i + 3);
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  return [0, 1, 2].every((i) => [0, 1, 2].every((j) => Math.abs(dot(row(i), row(j)) - (i === j ? 1 : 0)) <= TOLERANCE));
}
