import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type ServiceName, type ServiceProgram, SERVICES } from './registry.ts';

/** Where `go install` puts what this project installs; ignored by git. */
export const OWN_PROGRAMS = join(import.meta.dirname, '..', '..', '.cache', 'bin');

/** A Python environment of this project's own. */
export const OWN_PYTHON = join(OWN_PROGRAMS, '..', 'python');

/** The Python environment that a service is installed into. */
export function pythonOf({ environment = 'python' }: ServiceProgram): string {
  return join(OWN_PROGRAMS, '..', environment);
}

/** Path of a service's program, or undefined when this machine has none. Installs nothing. */
export function findService(name: ServiceName): string | undefined {
  const service: ServiceProgram = SERVICES[name];
  if (service.module !== undefined) return pythonWith(service.module);
  const fromPath = (process.env['PATH'] ?? '').split(delimiter);
  const own = [OWN_PROGRAMS, join(pythonOf(service), 'bin'), join(homedir(), 'go', 'bin')];
  const folders = [...fromPath, ...service.folders.flatMap(expand), ...own];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, service.program))
    .find(isExecutable);
}

/** This project's own Python, where it has a module. */
function pythonWith(module: string): string | undefined {
  const [folder] = expand(join(OWN_PYTHON, 'lib', '*', 'site-packages', module)).filter((path) => existsSync(path));
  return folder === undefined ? undefined : join(OWN_PYTHON, 'bin', 'python');
}

/** A folder with one `*` segment → the folders that exist, highest version first. */
function expand(folder: string): string[] {
  const [before, after] = folder.split('*');
  if (before === undefined || after === undefined) return [folder];
  try {
    const versions = readdirSync(before).sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a));
    return versions.map((version) => `${before}${version}${after}`);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
