import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { fromStore } from '../gateway.ts';

export interface StoredFile {
  readonly sha256: string;
  readonly url: string;
  readonly type: string;
  /** Of a larger file; all of it when absent. */
  readonly part?: { readonly start: number; readonly bytes: number };
}

interface Props {
  /** What is shown; its place is kept without it, and says why. */
  readonly file: StoredFile | { readonly missing: string };
  readonly alt: string;
  readonly caption: ReactNode;
}

/** A picture out of the store: only its own bytes are fetched. */
export function StoredPicture({ file, alt, caption }: Props): ReactNode {
  const stored = 'missing' in file ? undefined : file;
  const { data, error } = useQuery({
    queryKey: ['picture', stored?.sha256, stored?.part?.start],
    queryFn: ({ signal }) => fetchPicture(stored!, signal),
    enabled: stored !== undefined,
    staleTime: Infinity,
    retry: false,
  });
  return (
    <figure className="picture">
      {data === undefined ? (
        <div className="missing">{'missing' in file ? file.missing : error ? 'not to be had' : '…'}</div>
      ) : (
        <img src={data} alt={alt} />
      )}
      <figcaption title={alt}>{caption}</figcaption>
    </figure>
  );
}

/** As an address with the picture in it: the page's policy lets pictures in from nowhere else. */
async function fetchPicture({ url, type, part }: StoredFile, signal: AbortSignal): Promise<string> {
  const range = part && { range: `bytes=${part.start}-${part.start + part.bytes - 1}` };
  const response = await fromStore(url, { signal, ...(range ? { headers: range } : {}) });
  if (response.status !== (part ? 206 : 200)) throw new Error(`the store answered ${response.status}`);
  const blob = new Blob([await response.arrayBuffer()], { type });
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error('the picture could not be read'));
    reader.readAsDataURL(blob);
  });
}
