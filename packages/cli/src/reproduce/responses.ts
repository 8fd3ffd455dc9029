import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetFileDocument, download, ModelFileDocument } from '@kneepoint/client/node';
import { readConfig } from '@kneepoint/platform';
import { SEED } from '@kneepoint/reproduction';
import { runTask } from '@kneepoint/runtime';
import type { Lab, Subject, Subjects } from './lab.ts';
import { tally } from './tally.ts';
import type { ResponsesInput, ResponsesOutput } from './responses.task.ts';

const TASK = new URL('./responses.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;

/** What `responses.task.ts` measures of one network, in a process of its own. */
export async function readResponses(
  { connection, folder, signal }: Lab,
  { dataset }: Subjects,
  { model }: Subject,
  wanted: Pick<ResponsesInput, 'tasks' | 'binned'>,
): Promise<ResponsesOutput> {
  const { client } = connection;
  const files = join(folder, 'responses');
  await mkdir(files, { recursive: true });
  const [modelPath, archivePath] = [join(files, 'model.onnx'), join(files, 'data.tar')];
  try {
    const { model: found } = await client.query(ModelFileDocument, { id: model });
    const { dataset: data } = await client.query(DatasetFileDocument, { id: dataset });
    await download(client, found!.artifact, modelPath);
    await download(client, data!.artifact, archivePath);
    const { memoryMb, provider } = readConfig(process.env);
    const preprocess = found!.preprocess as ResponsesInput['preprocess'];
    return await runTask<ResponsesInput, ResponsesOutput>(
      TASK,
      { modelPath, archivePath, preprocess, seed: SEED, ...wanted },
      {
        ...{ provider, memoryMb, timeoutMs: TIMEOUT_MS, signal },
        onProgress: tally('read responses', 'images'),
      },
    );
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}
