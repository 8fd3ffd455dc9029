import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { findService, OWN_PROGRAMS, pythonOf } from './find.ts';
import { type ServiceName, type ServiceProgram, SERVICES } from './registry.ts';

export interface Installed {
  readonly path?: string;
  /** What was tried and how it ended, one line each. */
  readonly tried: readonly string[];
}

/** Finds a service, else installs it: Debian's package when root, else the pinned version by `go install` or `pip install`. */
export function ensureService(name: ServiceName): Installed {
  const found = findService(name);
  if (found !== undefined) return { path: found, tried: [] };
  const service: ServiceProgram = SERVICES[name];
  const tried: string[] = [];
  for (const [command, args, environment] of attempts(service)) {
    const { status, error, stderr } = spawnSync(command, args, {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 15 * 60_000,
    });
    rename(service);
    const path = findService(name);
    if (path !== undefined) return { path, tried };
    const reason = error?.message ?? (stderr.trim().split('\n').at(-1) || `exit ${status}`);
    tried.push(`${command} ${args.join(' ')}: ${reason}`);
  }
  return { tried };
}

function* attempts(service: ServiceProgram): Generator<[string, string[], Record<string, string>]> {
  if (service.debian !== undefined && process.getuid?.() === 0) {
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['install', '-y', '--no-install-recommends', service.debian];
    yield ['apt-get', install, quiet];
    yield ['apt-get', ['update'], quiet];
    yield ['apt-get', install, quiet];
  }
  if (service.go !== undefined) {
    mkdirSync(OWN_PROGRAMS, { recursive: true });
    yield ['go', ['install', service.go], { GOBIN: OWN_PROGRAMS }];
  }
  if (service.pip !== undefined) {
    const python = pythonOf(service);
    yield ['python3', ['-m', 'venv', python], {}];
    yield [
      join(python, 'bin', 'pip'),
      ['install', '--quiet', '--disable-pip-version-check', ...[service.pip].flat()],
      {},
    ];
  }
}

/** `go install` names a program after its folder. */
function rename({ goName, program }: ServiceProgram): void {
  const installed = join(OWN_PROGRAMS, goName ?? program);
  if (goName !== undefined && existsSync(installed)) renameSync(installed, join(OWN_PROGRAMS, program));
}
