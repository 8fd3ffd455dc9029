import { readFile } from 'node:fs/promises';

const SAMPLES = new URL('../samples/', import.meta.url);
const FILES = ['predict.ts', 'preprocess.ts', 'predict.py', 'preprocess.py'] as const;

/** Versions that the samples are tested with. */
const PACKAGE = {
  private: true,
  type: 'module',
  engines: { node: '>=20.19' },
  scripts: { test: 'tsx predict.ts ../test' },
  dependencies: { 'onnxruntime-node': '1.30.0', sharp: '0.35.5', tsx: '4.23.15' },
} as const;

const REQUIREMENTS = 'numpy==2.4.6\nonnxruntime==1.32.0\npillow==13.0.0\n';

/** Sample code that feeds a network and reads its answers, in TypeScript and Python, by its name. */
export async function sampleFiles(): Promise<Readonly<Record<string, string>>> {
  const read = async (name: string): Promise<[string, string]> => [
    name,
    await readFile(new URL(name, SAMPLES), 'utf8'),
  ];
  return {
    ...Object.fromEntries(await Promise.all(FILES.map(read))),
    'package.json': `${JSON.stringify(PACKAGE, null, 2)}\n`,
    'requirements.txt': REQUIREMENTS,
  };
}
