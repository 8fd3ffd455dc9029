import { once } from 'node:events';
import { connect } from 'node:net';
import { program } from './available.ts';
import { type RunningService, startServer } from './server-process.ts';

export interface NatsOptions {
  readonly user?: string;
  readonly password?: string;
  /** Certificate and key, PEM files; clients must then encrypt. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** nats-server with JetStream on disk. */
export function startNats({ user, password, tls }: NatsOptions = {}): Promise<RunningService> {
  const login = user === undefined || password === undefined ? [] : ['--user', user, '--pass', password];
  const encryption = tls === undefined ? [] : ['--tls', '--tlscert', tls.certFile, '--tlskey', tls.keyFile];
  const credentials = login.length === 0 ? '' : `${user}:${password}@`;
  return startServer({
    name: 'nats',
    program: program('nats-server'),
    arguments: (folder, port) => ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, ...login, ...encryption],
    url: (port) => `nats://${credentials}127.0.0.1:${port}`,
    ready: greets,
  });
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
