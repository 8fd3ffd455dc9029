import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from './support/available.ts';
import {
  JSON_HEADERS,
  Kneepoint,
  kneepointJson,
  kneepointResult,
  makeSample,
  type Sample,
} from './support/kneepoint.ts';
import { startMinio } from './support/minio.ts';
import { startNats } from './support/nats.ts';
import { startPostgres } from './support/postgres.ts';
import type { RunningService } from './support/services.ts';

const TASKS = ['gender', 'yaw', 'facial_hair', 'head_pose', 'emotion'];

interface MatrixJson {
  readonly rows: readonly { readonly model: { readonly name: string }; readonly cells: readonly object[] }[];
}

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('five separate processes', () => {
  let folder: string;
  let sample: Sample;
  const backing: RunningService[] = [];
  const processes: Kneepoint[] = [];
  let gateway = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-team-'));
    const [nats, postgres, minio] = await Promise.all([startNats(), startPostgres(), startMinio()]);
    backing.push(nats, postgres, minio);
    sample = await makeSample(join(folder, 'sample'));
    const shared = { DATABASE_URL: postgres.url, BUS_URL: nats.url, ARTIFACTS_URL: minio.url, LOG_LEVEL: 'info' };
    for (const name of ['gateway', 'extractor', 'regressor', 'pruner', 'trainer']) {
      const env = { ...shared, KNEEPOINT_DATA_DIR: join(folder, name) };
      processes.push(new Kneepoint([name, '--port', '0'], { env }));
    }
    const [listening] = await Promise.all([
      processes[0]!.says(/"url":"(http[^"]+)\/graphql"/),
      ...processes.slice(1).map((process) => process.says(/is ready/)),
    ]);
    gateway = listening[1]!;
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await Promise.all(backing.map((service) => service.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  it('give the matrix, the curves and the plan that one process gives', async () => {
    const team = ['--url', gateway];
    const alone = ['--data-dir', join(folder, 'alone')];
    const [ofTeam, ofOne] = [await mainJob(team, sample), await mainJob(alone, sample)];
    expect(ofTeam.matrix.rows[0]!.cells).toHaveLength(ofOne.matrix.rows[0]!.cells.length);
    expect(ofTeam.matrix.rows[0]!.cells).toEqual(ofOne.matrix.rows[0]!.cells);
    expect(ofTeam.curves).toEqual(ofOne.curves);
    expect(ofTeam.plan).toEqual(ofOne.plan);
  });

  it('analyse nothing a second time', async () => {
    const again = await kneepointJson<{ reused: boolean }>([
      'analyze',
      'small',
      'faces',
      '--tasks',
      TASKS.join(','),
      '--url',
      gateway,
    ]);
    expect(again.reused).toBe(true);
  });

  it('compress to the end, and give the weights that one process gives', async () => {
    const digests = async (where: readonly string[]) => {
      const out = join(folder, 'out', String(where[0]));
      const what = [
        '--model',
        sample.model,
        '--data',
        sample.faces,
        '--task',
        'yaw',
        '--epsilon',
        '0.1',
        '--arms',
        'finetuned,scratch,head,unpruned',
        '--epochs',
        '1',
      ];
      const { arms } = await kneepointResult(['compress', ...what, '--out', out, ...where]);
      return arms.map(({ arm, modelSha256 }) => [arm, modelSha256]);
    };
    const ofTeam = await digests(['--url', gateway]);
    expect(ofTeam.map(([arm]) => arm)).toEqual(['refit', 'finetuned', 'scratch', 'headOnly', 'unpruned']);
    expect(ofTeam).toEqual(await digests(['--data-dir', join(folder, 'alone')]));
  });

  it('refuse a path of the server', async () => {
    const response = await fetch(`${gateway}/graphql`, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({
        query:
          'mutation { registerModel(input: { name: "x", path: "/etc/passwd" }) { run { id } userErrors { code field } } }',
      }),
    });
    expect(await response.json()).toEqual({
      data: { registerModel: { run: null, userErrors: [{ code: 'LOCAL_PATH_REFUSED', field: 'input.path' }] } },
    });
  });
});

async function mainJob(where: readonly string[], { model, faces }: Sample) {
  await kneepointJson(['model', 'add', model, ...where]);
  await kneepointJson(['dataset', 'add', faces, ...where]);
  await kneepointJson(['analyze', 'small', 'faces', '--tasks', TASKS.join(','), ...where]);
  return {
    matrix: await kneepointJson<MatrixJson>(['matrix', 'faces', 'small', ...where]),
    curves: await kneepointJson<object[]>(['curves', 'small', 'faces', 'yaw', '--epsilon', '0.02', ...where]),
    plan: await kneepointJson<object>(['plan', 'small', 'faces', 'head_pose', '--epsilon', '0.05', ...where]),
  };
}
