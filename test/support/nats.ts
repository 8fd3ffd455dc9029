import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { program } from './available.ts';
import { type RunningService, startServer } from './server-process.ts';

export interface NatsOptions {
  readonly user?: string;
  readonly password?: string;
  /** Certificate and key, PEM files; clients must then encrypt. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** More of its configuration, as in a file of it, such as accounts and what they may do. */
  readonly configuration?: string;
}

/** nats-server with JetStream on disk. */
export function startNats({ user, password, tls, configuration }: NatsOptions = {}): Promise<RunningService> {
  const known = user !== undefined && password !== undefined;
  // A file names its users itself.
  const login = known && configuration === undefined ? ['--user', user, '--pass', password] : [];
  const encryption = tls === undefined ? [] : ['--tls', '--tlscert', tls.certFile, '--tlskey', tls.keyFile];
  const credentials = known ? `${user}:${password}@` : '';
  return startServer({
    name: 'nats',
    program: program('nats-server'),
    arguments: (folder, port) => [
      ...['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, ...login, ...encryption],
      ...(configuration === undefined ? [] : ['-c', written(join(folder, '..', 'nats.conf'), configuration)]),
    ],
    url: (port) => `nats://${credentials}127.0.0.1:${port}`,
    ready: greets,
  });
}

function written(path: string, text: string): string {
  writeFileSync(path, text);
  return path;
}

/** NATS speaks first: its INFO line says that it serves. */
async function greets(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [line] = (await once(socket, 'data', { signal: AbortSignal.timeout(2_000) })) as [Buffer];
    if (!line.toString().startsWith('INFO')) throw new Error('not NATS');
  } finally {
    socket.destroy();
  }
}
