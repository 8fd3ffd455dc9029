import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure } from '@kneepoint/failures';
import { extract, type Header as Fields } from 'tar-stream';
import { quote } from '../../quote.ts';
import { decodeName } from './decode-name.ts';
import { isSystem, refused, type Sink } from './sink.ts';

/** As the library gives it, which says less of it in its types. */
type Header = Omit<Fields, 'pax' | 'type'> & {
  readonly type: string | null;
  readonly byteOffset: number;
  readonly pax: Readonly<Record<string, string>> | null;
};
type Contents = AsyncIterable<Buffer> & { resume(): unknown };
type TarEntry = Contents & { readonly header: Header };

const LINKS = ['symlink', 'link'];
const DEREFERENCE = 'pack what links lead to: tar --dereference --hard-dereference';

export interface UnpackTarOptions {
  readonly gzip: boolean;
  readonly signal?: AbortSignal;
  /** Called with the bytes of the archive that were read. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Unpacks a tar as anybody's tool writes it: v7, ustar, GNU's and pax names, folders with and without entries of their own, any padding.
 * Throws DATASET_ARCHIVE_INVALID, DATASET_ARCHIVE_REFUSED, the signal's reason.
 */
export async function unpackTar(path: string, sink: Sink, { gzip, signal, onRead }: UnpackTarOptions): Promise<void> {
  // Names are bytes: as Latin-1 they come through whole.
  const tar = extract({ filenameEncoding: 'latin1', allowUnknownFormat: true } as object);
  let read = 0;
  let arrived = 0;
  const source = createReadStream(path).on('data', (chunk) => onRead?.((read += chunk.length)));
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      arrived += chunk.length;
      done(null, chunk);
    },
  });
  const broken = new AbortController();
  const ended = signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]);
  const fed = (gzip ? pipeline(source, createGunzip(), counted, tar) : pipeline(source, counted, tar)).then(
    () => undefined,
    (error: unknown) => {
      // An entry whose bytes stop coming is not told of it by the library.
      broken.abort(error);
      return error as Error;
    },
  );
  /** Where the last entry ends; what follows is the end of the archive and padding. */
  let end = 0;
  try {
    for await (const entry of tar as unknown as AsyncIterable<TarEntry>) {
      signal?.throwIfAborted();
      await store(entry.header, entry, sink, ended);
      end = entry.header.byteOffset + entry.header.size;
    }
    await fed.then((error) => {
      if (error !== undefined) throw error;
    });
  } catch (error) {
    tar.destroy();
    source.destroy();
    const cause = (await fed) ?? error;
    signal?.throwIfAborted();
    if (error instanceof Failure || isSystem(error)) throw error;
    if (isSystem(cause)) throw cause;
    // The library wants whole blocks of padding, which not every writer leaves.
    const padding = /unexpected end of data/i.test(messageOf(cause)) && end > 0 && arrived >= end;
    if (!padding) throw damaged(path, cause);
  }
}

async function store(header: Header, contents: Contents, sink: Sink, signal: AbortSignal): Promise<void> {
  const written = header.pax?.['path'];
  const name = written ?? decodeName(Buffer.from(header.name, 'latin1'));
  const place = sink.place(name);
  const { type } = header;
  if (place === undefined || type === 'directory') return void contents.resume();
  if (LINKS.includes(type ?? '')) throw refused(`entry ${quote(name)} is a link`, name, DEREFERENCE);
  const sparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  if (sparse || (type !== 'file' && type !== 'contiguous-file')) {
    throw refused(
      `entry ${quote(name)} is ${sparse ? 'a file with holes' : 'no plain file'}`,
      name,
      'pack plain files alone',
    );
  }
  sink.announce(place, header.size);
  await sink.write(place, contents, signal);
}

function damaged(path: string, cause: unknown): Failure {
  return new Failure('DATASET_ARCHIVE_INVALID', `the archive is damaged or cut off: ${messageOf(cause)}`, {
    where: path,
    fix: 'pack and upload it again',
    cause,
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
