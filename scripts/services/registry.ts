/** A server that the production mode needs and that tests run for real. */
export interface ServiceProgram {
  /** The program looked for. */
  readonly program: string;
  /** Folders looked in besides PATH; a `*` segment takes the highest version. */
  readonly folders: readonly string[];
  /** Debian package that has it. */
  readonly debian?: string;
  /** Go module path and pinned version for `go install`. */
  readonly go?: string;
}

export const SERVICES = {
  'nats-server': {
    program: 'nats-server',
    folders: ['/usr/sbin', '/usr/local/bin'],
    debian: 'nats-server',
    go: 'github.com/nats-io/nats-server/v2@v2.11.17',
  },
  postgres: {
    program: 'postgres',
    folders: ['/usr/lib/postgresql/*/bin', '/usr/local/pgsql/bin'],
    debian: 'postgresql',
  },
  minio: {
    program: 'minio',
    folders: ['/usr/local/bin'],
    go: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  },
} as const satisfies Record<string, ServiceProgram>;

export type ServiceName = keyof typeof SERVICES;
