import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kneepoint, makeSample, type Sample } from './kneepoint.ts';

/** A server on embedded defaults with a folder of its own, and a sample to try commands on. */
export interface CliServer {
  readonly folder: string;
  /** The server's data folder, by which commands find it. */
  readonly data: string;
  readonly sample: Sample;
  stop(): Promise<void>;
}

/** `count`: images of the sample. */
export async function startCliServer(name: string, { count = 320 } = {}): Promise<CliServer> {
  const folder = await mkdtemp(join(tmpdir(), `kneepoint-${name}-`));
  const data = join(folder, 'data');
  const sample = await makeSample(join(folder, 'sample'), { count });
  const server = new Kneepoint(['up', '--port', '0', '--data-dir', data], { env: { LOG_LEVEL: 'silent' } });
  await server.says(/serves http/);
  return {
    folder,
    data,
    sample,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
