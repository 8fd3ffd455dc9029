import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGES = ['torch==2.15.0', 'torchvision==0.29.2', 'onnx==1.23.2', 'onnxscript==0.7.2'];
const FOLDER = fileURLToPath(new URL('../../.kneepoint/coverage/newer-torch', import.meta.url));

/** PyTorch 2 in a folder of its own, of several GB, since its exporter is another one. */
export const NEWER_TORCH = { packages: PACKAGES, interpreter: join(FOLDER, 'bin', 'python') };

/** Installs it where it is missing; gives back why it cannot take part, or undefined when it is there. */
export async function installNewerTorch(): Promise<string | undefined> {
  if (existsSync(NEWER_TORCH.interpreter)) return undefined;
  const run = promisify(execFile);
  const made = `${FOLDER}.new`;
  try {
    await rm(made, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', made]);
    await run(join(made, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
    await rename(made, FOLDER);
    return undefined;
  } catch (error) {
    return `NOT RUN: pip cannot install ${PACKAGES[0]} (${(error as Error).message.split('\n')[0]})`;
  }
}
