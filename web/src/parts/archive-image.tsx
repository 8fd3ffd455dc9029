import type { ReactNode } from 'react';
import { bytes as inBytes } from '../format.ts';
import { StoredPicture } from './stored-picture.tsx';

interface Props {
  /** The data set's archive: its sum, and where it can be had. */
  readonly archive: { readonly sha256: string; readonly downloadUrl: string };
  readonly image: { readonly name: string; readonly format: string; readonly start: number; readonly bytes: number };
  readonly caption: ReactNode;
}

/** What browsers show; other pictures stay a name. */
const SHOWN: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
};
const MOST_BYTES = 8e6;

/** A picture out of a data set's archive. */
export function ArchiveImage({ archive, image, caption }: Props): ReactNode {
  const { name, format, start, bytes } = image;
  const type = bytes <= MOST_BYTES ? SHOWN[format] : undefined;
  const file =
    type === undefined
      ? { missing: `${format}, ${inBytes(bytes)}: not shown here` }
      : { sha256: archive.sha256, url: archive.downloadUrl, type, part: { start, bytes } };
  return <StoredPicture file={file} alt={name} caption={caption} />;
}
