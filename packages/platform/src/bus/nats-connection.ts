import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import {
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { isDistrust, TRUST_FIX } from '../trust.ts';

export interface NatsTls {
  /** Authority that signed the server's certificate, PEM file. Default: the system's authorities. */
  readonly caFile?: string;
  /** This client's certificate and key, PEM files, where the server asks for one. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface NatsConnectOptions {
  /** A `.creds` file (JWT and seed). User and password, or a token, may stand in the URL instead. */
  readonly credentials?: string;
  /** Present: only an encrypted connection is made. `tls://` in the URL does the same. */
  readonly tls?: NatsTls;
  /** Shown by the server's monitoring. */
  readonly name?: string;
  /** Milliseconds to keep trying before the first connection stands; afterwards it reconnects for ever. */
  readonly connectTimeoutMs?: number;
}

/**
 * Connects to the servers of `nats://[user:password@]host:port[,nats://host:port…]`.
 * Throws BUS_UNAVAILABLE when none answered in time, BUS_MISCONFIGURED when one refused.
 */
export async function connectNats(url: string, options: NatsConnectOptions): Promise<NatsConnection> {
  const target = await connectionOptions(url, options);
  const deadline = Date.now() + (options.connectTimeoutMs ?? 30_000);
  for (;;) {
    try {
      return await connect(target);
    } catch (error) {
      if (error instanceof errors.AuthorizationError || isDistrust(error)) throw refused(target.servers, error);
      if (Date.now() + 500 > deadline) throw unavailable(target.servers, error);
      await sleep(500);
    }
  }
}

/** Server addresses without credentials, for messages and logs. */
export function natsServers(url: string): string[] {
  return url.split(',').map((part) => new URL(part).host);
}

async function connectionOptions(
  url: string,
  { credentials, tls, name }: NatsConnectOptions,
): Promise<NodeConnectionOptions & { servers: string[] }> {
  const parts = url.split(',').map((part) => new URL(part));
  const user = parts.map((part) => decodeURIComponent(part.username)).find((value) => value !== '');
  const password = parts.map((part) => decodeURIComponent(part.password)).find((value) => value !== '');
  const login = user === undefined ? {} : password === undefined ? { token: user } : { user, pass: password };
  const encrypted = tls !== undefined || parts.some((part) => part.protocol === 'tls:');
  return {
    servers: natsServers(url),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    // a server that refuses now may accept again once its accounts are loaded
    ignoreAuthErrorAbort: true,
    timeout: 5_000,
    noAsyncTraces: true,
    ...login,
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credentials)) }),
    ...(encrypted ? { tls: { ...tls } } : {}),
    ...(name === undefined ? {} : { name }),
  };
}

function refused(servers: readonly string[], cause: Error): Failure {
  return new Failure('BUS_MISCONFIGURED', `No connection to NATS on these terms: ${cause.message}`, {
    where: servers.join(','),
    fix: isDistrust(cause) ? `${TRUST_FIX}, or NATS_CA_FILE` : 'correct user and password, or credentials',
    cause,
  });
}

function unavailable(servers: readonly string[], cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('BUS_UNAVAILABLE', `No NATS server answered: ${reason}`, {
    where: servers.join(','),
    fix: 'start nats-server with JetStream there, or correct BUS_URL',
    cause,
  });
}
