import { createTarPacker } from 'modern-tar';

/** A file with its path in the folder that it belongs to, such as `class-a/1.png`. */
export interface NamedFile {
  readonly name: string;
  readonly data: Blob;
}

/** What is said of every file, so that the same files are the same archive. */
export const ENTRY = { mtime: new Date(0), mode: 0o644, uid: 0, gid: 0, uname: '', gname: '' } as const;

/** A tar of files, sorted by name: the same bytes for the same files. */
export async function tarOf(files: readonly NamedFile[]): Promise<Blob> {
  const { readable, controller } = createTarPacker();
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const written = (async () => {
    try {
      for (const { name, data } of sorted) {
        await data.stream().pipeTo(controller.add({ ...ENTRY, name, size: data.size }));
      }
      controller.finalize();
    } catch (error) {
      controller.error(error);
    }
  })();
  const blob = await new Response(readable).blob();
  await written;
  return blob;
}
