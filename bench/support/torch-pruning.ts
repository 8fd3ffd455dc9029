import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const VERSION = '1.6.1';

/** The rival, in a folder of its own. */
export const TORCH_PRUNING = {
  package: `torch-pruning==${VERSION}`,
  folder: join(fileURLToPath(new URL('../../.kneepoint/coverage', import.meta.url)), `torch-pruning-${VERSION}`),
};

/** Installs it where it is missing; gives back why it cannot take part, or undefined when it is there. */
export async function installTorchPruning(): Promise<string | undefined> {
  const { folder } = TORCH_PRUNING;
  if (existsSync(join(folder, 'torch_pruning'))) return undefined;
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, TORCH_PRUNING.package];
  try {
    await promisify(execFile)('python3', args);
    return undefined;
  } catch (error) {
    return `NOT RUN: pip cannot install ${TORCH_PRUNING.package} (${(error as Error).message.split('\n')[0]})`;
  }
}
