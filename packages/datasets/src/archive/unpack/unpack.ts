import { realpath, stat } from 'node:fs/promises';
import { surest } from '../../layouts/choose-layout.ts';
import type { Recognition } from '../../layouts/layout.ts';
import { listFolder, type Listing } from '../../layouts/listing.ts';
import { partOfFolder } from '../../layouts/parts.ts';
import type { OnProgress } from '../../progress.ts';
import { archiveKind } from '../archive-kind.ts';
import { Sink, type UnpackLimits } from './sink.ts';
import { unpackTar } from './unpack-tar.ts';
import { unpackZip } from './unpack-zip.ts';

export interface UnpackFilesOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly limits?: UnpackLimits;
}

export interface UnpackOptions extends Recognition, UnpackFilesOptions {
  readonly format?: string;
}

/** Unpacks a tar, tar.gz or zip into `folder` and lists what lies there then. Throws as `unpackArchive` does. */
export async function unpackFiles(path: string, folder: string, options: UnpackFilesOptions = {}): Promise<Listing> {
  const kind = await archiveKind(path);
  const { size: total } = await stat(path);
  const { signal, onProgress } = options;
  const sink = await Sink.open(folder, path, options.limits);
  const reading = {
    ...(signal === undefined ? {} : { signal }),
    onRead: (done: number) => onProgress?.({ done: Math.min(done, total), total, unit: 'bytes' }),
  };
  await (kind === 'zip'
    ? unpackZip(path, sink, reading)
    : unpackTar(path, sink, { ...reading, gzip: kind === 'tar.gz' }));
  return listFolder(await realpath(folder), signal);
}

/**
 * Unpacks a tar, tar.gz or zip of labelled images into `folder`, and gives the folder to read: that one, or the one inside of folders
 * that merely wrap it, so that an archive of a folder is read as the folder.
 * Throws DATASET_ARCHIVE_UNKNOWN, DATASET_ARCHIVE_INVALID, DATASET_ARCHIVE_REFUSED, the signal's reason.
 */
export async function unpackArchive(path: string, folder: string, options: UnpackOptions = {}): Promise<string> {
  return rootOf(await unpackFiles(path, folder, options), options);
}

/** Of a folder and those that are alone in one another, the innermost that is recognised best; a part of a split is no wrapper. */
async function rootOf(listing: Listing, options: UnpackOptions): Promise<string> {
  let best = { root: listing.root, sure: -1 };
  let inner: Listing | undefined = listing;
  while (inner !== undefined) {
    const sure = (await surest(inner, options.format, options)) ?? -1;
    if (sure >= 0 && sure >= best.sure) best = { root: inner.root, sure };
    const tops: Set<string> = new Set(inner.files.map((file) => file.slice(0, file.indexOf('/') + 1)));
    const [top = ''] = tops;
    const wraps = tops.size === 1 && top !== '' && partOfFolder(top.slice(0, -1)) === undefined;
    inner = wraps ? inner.within(top.slice(0, -1)) : undefined;
  }
  return best.root;
}
