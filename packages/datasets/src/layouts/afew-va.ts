import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';

/** Annotators gave whole numbers within this range. */
const LARGEST = 10;

/** AFEW-VA: `CLIP/CLIP.json` with valence and arousal of each frame, `CLIP/00000.png`. A clip is a subject: its frames look alike. */
export const afewVa: Layout = {
  name: 'afew-va',
  async recognises(listing) {
    const [clip] = clipsOf(listing);
    return clip !== undefined && (await listing.head(clip)).includes('"valence"') ? SURE.marked : undefined;
  },
  async read(listing, request) {
    const clips = clipsOf(listing);
    const rows: Row[] = [];
    for (const clip of clips) rows.push(...(await framesOf(listing, clip, request)));
    return {
      table: { file: 'clips', columns: [IMAGE_COLUMN, 'valence', 'arousal', 'clip'], rows },
      hints: {
        subject: 'clip',
        ignore: ['clip'],
        tasks: {
          valence: { type: 'continuous', column: 'valence' },
          arousal: { type: 'continuous', column: 'arousal' },
        },
      },
      found: `${clips.length} clips, ${rows.length} frames with valence and arousal`,
    };
  },
};

function clipsOf(listing: Listing): string[] {
  return listing.files.filter((file) => posix.basename(file) === `${posix.basename(posix.dirname(file))}.json`);
}

async function framesOf(listing: Listing, file: string, { skipped }: ReadRequest): Promise<Row[]> {
  let json: unknown;
  try {
    json = JSON.parse((await listing.read(file)).toString('utf8'));
  } catch {
    skipped.malformed('a clip whose file is not JSON', file);
    return [];
  }
  const frames = typeof json === 'object' && json !== null && 'frames' in json ? json.frames : undefined;
  if (typeof frames !== 'object' || frames === null) {
    skipped.malformed('a clip without frames', file);
    return [];
  }
  const folder = posix.dirname(file);
  return Object.entries(frames).flatMap(([frame, value]: [string, unknown]): Row[] => {
    const path = ['png', 'jpg']
      .map((ending) => posix.join(folder, `${frame}.${ending}`))
      .find((own) => listing.has(own));
    const { valence, arousal } = (value ?? {}) as { readonly valence?: unknown; readonly arousal?: unknown };
    const place = `${file}: ${frame}`;
    if (path === undefined) skipped.malformed('a frame whose image is not there', place);
    else if (!within(valence) || !within(arousal)) {
      skipped.malformed(`a frame without valence and arousal from -${LARGEST} to ${LARGEST}`, place);
    } else return [{ line: 0, cells: [path, String(valence), String(arousal), posix.basename(folder)] }];
    return [];
  });
}

const within = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= LARGEST;
