import type { Metafile } from 'esbuild';

/** The source of the command. */
export declare const MAIN: string;

export declare function bundle(
  outdir: string,
  options: {
    readonly onSource: (name: string, source: string, stamp: string) => void;
    readonly inlined?: readonly string[];
  },
): Promise<{
  readonly metafile: Metafile;
  readonly entries: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}>;
