import { crc32 } from 'node:zlib';
import { Failure } from '@kneepoint/failures';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { quote } from '../../quote.ts';
import { decodeName } from './decode-name.ts';
import { isSystem, refused, type Sink } from './sink.ts';

/** File types of Unix, in the upper half of an entry's attributes: what is neither, nor 0, is a link or a device. */
const TYPES = { mask: 0o170000, folder: 0o040000, file: 0o100000, link: 0o120000 } as const;
const MADE_ON_UNIX = [3, 19];
const NAME_IS_UTF8 = 0x800;
const UNICODE_PATH = 0x7075;
const STORED = 0;
const DEFLATED = 8;

export interface UnpackZipOptions {
  readonly signal?: AbortSignal;
  /** Called with the compressed bytes that were read. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Unpacks a zip, also of more than 4 GiB, with names in UTF-8 or of old systems.
 * Throws DATASET_ARCHIVE_INVALID, DATASET_ARCHIVE_REFUSED, the signal's reason.
 */
export async function unpackZip(path: string, sink: Sink, { signal, onRead }: UnpackZipOptions): Promise<void> {
  let read = 0;
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true });
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      await store(zip, entry, sink, signal);
      onRead?.((read += entry.compressedSize));
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure || isSystem(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/relative path|absolute path/.test(message))
      throw refused(`an entry leaves the folder of the archive: ${message}`, path);
    throw new Failure('DATASET_ARCHIVE_INVALID', `the archive is damaged or cut off: ${message}`, {
      where: path,
      fix: 'pack and upload it again',
      cause: error,
    });
  } finally {
    zip?.close();
  }
}

async function store(zip: ZipFile, entry: Entry, sink: Sink, signal: AbortSignal | undefined): Promise<void> {
  const name = nameOf(entry);
  const place = sink.place(name);
  if (place === undefined || name.endsWith('/')) return;
  const type = MADE_ON_UNIX.includes(entry.versionMadeBy >>> 8)
    ? (entry.externalFileAttributes >>> 16) & TYPES.mask
    : 0;
  if (type === TYPES.link)
    throw refused(`entry ${quote(name)} is a link`, name, 'pack what links lead to: zip without --symlinks');
  if (type === TYPES.folder) return;
  if (type !== 0 && type !== TYPES.file)
    throw refused(`entry ${quote(name)} is no plain file`, name, 'pack plain files alone');
  if (entry.isEncrypted())
    throw refused(`entry ${quote(name)} is encrypted`, name, 'pack the folder without a password');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    const method = `compressed by method ${entry.compressionMethod}`;
    throw refused(
      `entry ${quote(name)} is ${method}, which is not read`,
      name,
      'pack with Deflate, as zip does by default, or as tar',
    );
  }
  sink.announce(place, entry.uncompressedSize);
  await sink.write(place, contentsOf(zip, entry, name), signal);
}

/** Opened when they are asked for: a stream that fails while nobody listens ends the process. */
async function* contentsOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sum !== entry.crc32) throw new Error(`the checksum of ${quote(name)} is wrong`);
}

/** Tools that write UTF-8 and do not say so are more than those that mean code page 437. */
function nameOf(entry: Entry): string {
  const said =
    (entry.generalPurposeBitFlag & NAME_IS_UTF8) !== 0 || entry.extraFields.some(({ id }) => id === UNICODE_PATH);
  return said ? entry.fileName : decodeName(entry.fileNameRaw, entry.fileName);
}
