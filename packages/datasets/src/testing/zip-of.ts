import { crc32, deflateRawSync } from 'node:zlib';
import type { Files } from './folder.ts';

export interface ZipEntry {
  readonly name: string | Buffer;
  readonly contents?: Buffer | string;
  /** Stored where absent; any other number is written as the method of what is stored. */
  readonly method?: number;
  /** Mode of Unix, type and rights. */
  readonly mode?: number;
  readonly flags?: number;
  /** In the place of the right one. */
  readonly checksum?: number;
}

/** A zip, written from the format's description and not by the code under test. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const { name, contents = '', method = 0, mode = 0, flags = 0, checksum } of entries) {
    const plain = Buffer.from(contents);
    const data = method === 8 ? deflateRawSync(plain) : plain;
    const path = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(checksum ?? crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, data]);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(mode * 2 ** 16, 6);
    central.writeUInt32LE(at, 10);
    // Made on Unix.
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, central, path]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** Compressed entries of these files, below a folder where a prefix names one. */
export const zipEntriesOf = (files: Files, prefix = '', method = 8): ZipEntry[] =>
  Object.entries(files).map(([name, contents]) => ({ name: prefix + name, contents, method }));
