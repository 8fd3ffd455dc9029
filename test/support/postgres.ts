import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { program } from './available.ts';
import type { Certificate } from './certificate.ts';
import { type RunningService, startServer } from './server-process.ts';

/** PostgreSQL with an empty database, reached over TCP without a password; with `tls` also encrypted. Safe settings are off for speed. */
export function startPostgres({ tls }: { readonly tls?: Certificate } = {}): Promise<RunningService> {
  const server = program('postgres');
  const user = unprivileged();
  return startServer({
    name: 'postgres',
    program: server,
    arguments: (folder, port) => [
      ...['-D', folder, '-h', '127.0.0.1', '-p', String(port), '-k', ''],
      ...['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off', '-c', 'max_connections=60'],
      ...(tls === undefined ? [] : encryption(folder)),
    ],
    url: (port) => `postgres://kneepoint@127.0.0.1:${port}/postgres`,
    prepare: (folder) => {
      mkdirSync(folder, { recursive: true });
      if (user !== undefined) {
        chmodSync(dirname(folder), 0o755);
        chownSync(folder, user.uid, user.gid);
      }
      const initdb = join(dirname(server), 'initdb');
      const options = ['-D', folder, '-U', 'kneepoint', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
      execFileSync(initdb, options, { ...user, cwd: '/', stdio: 'ignore' });
      // The server takes a key that its own user alone can read.
      for (const [name, path] of tls === undefined
        ? []
        : [['cert.pem', tls.certFile] as const, ['key.pem', tls.keyFile] as const]) {
        copyFileSync(path, join(folder, name));
        chmodSync(join(folder, name), 0o600);
        if (user !== undefined) chownSync(join(folder, name), user.uid, user.gid);
      }
    },
    ready: async (port) => {
      const client = new pg.Client(`postgres://kneepoint@127.0.0.1:${port}/postgres`);
      client.on('error', () => undefined);
      await client.connect();
      await client.query('select 1');
      await client.end();
    },
    // fast shutdown: open connections are cut instead of waited for
    stopSignal: 'SIGINT',
    ...(user === undefined ? {} : { user }),
  });
}

function encryption(folder: string): string[] {
  const files = [`ssl_cert_file=${join(folder, 'cert.pem')}`, `ssl_key_file=${join(folder, 'key.pem')}`];
  return ['ssl=on', ...files].flatMap((setting) => ['-c', setting]);
}

/** PostgreSQL refuses to run as root: the user that Debian's package made, else nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const entry = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(entry?.[2] ?? 65534), gid: Number(entry?.[3] ?? 65534) };
}
