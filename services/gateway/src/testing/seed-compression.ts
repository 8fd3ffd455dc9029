import { storedJson } from '@kneepoint/platform';
import { type DatasetReference, type MeasuredResult, type ModelReference, PRUNE, REPORT } from '@kneepoint/workflow';
import { measuredResult } from '@kneepoint/workflow/testing';
import { globalId } from '../domain/ids.ts';
import { digest, type Seeded } from './seed.ts';
import type { TestGateway } from './test-gateway.ts';

const GENDER = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };

interface CompressionSeed {
  readonly model: Seeded<ModelReference> & { readonly id: string };
  readonly dataset: Seeded<DatasetReference> & { readonly id: string };
  /** What each of its networks has come to, where that is not as usual. */
  readonly results: readonly (Partial<MeasuredResult> & { readonly epsilon: number })[];
  /** Of the run, where it is not as usual. */
  readonly more?: object;
  /** With another step that has not ended. */
  readonly open?: boolean;
}

/** A compression that has ended, with a report step for each result; the id of its run. */
export async function seedCompression({ db, store }: TestGateway, seed: CompressionSeed): Promise<string> {
  const { model, dataset, results, more = {}, open = false } = seed;
  const cut = {
    ...{ modelName: model.name, modelSha256: model.sha256, datasetSha256: dataset.sha256 },
    ...{ preprocess: model.preprocess, tasks: [GENDER], settings: { seed: 3 }, options: { epsilon: 0.01 } },
  };
  const put = async (text: string): Promise<string> => {
    const { sha256, bytes } = await store.put(Buffer.from(text));
    await db.prisma.artifact.createMany({
      data: [{ sha256, bytes: BigInt(bytes), mediaType: 'application/octet-stream' }],
      skipDuplicates: true,
    });
    return sha256;
  };
  const steps = await Promise.all(
    results.map(async (result) => {
      const report = measuredResult(result);
      const output = { modelSha256: await put(digest()), reportSha256: await put(JSON.stringify(report)), report };
      return {
        kind: REPORT.kind,
        input: { modelName: 'tiny', task: 'gender', label: String(result.epsilon) },
        output,
      };
    }),
  );
  const made = [{ kind: PRUNE.kind, input: cut, output: steps[0]!.output }, ...steps].map((step, position) => ({
    ...{ key: digest(), service: 'trainer', name: step.kind, state: 'SUCCEEDED', kind: step.kind, position },
    ...{ input: storedJson(step.input), output: storedJson(step.output) },
  }));
  if (open) made.push({ ...made[0]!, key: digest(), state: 'QUEUED', position: made.length });
  const epsilons = results.map(({ epsilon }) => epsilon);
  const { id } = await db.prisma.run.create({
    data: {
      ...{ kind: 'COMPRESSION', state: 'SUCCEEDED', modelId: model.id, datasetId: dataset.id, createdBy: 'ada' },
      ...{ input: { plan: { task: 'gender' }, epsilons, training: { epochs: 2 } } },
      ...{ name: 'nightly', labels: ['team=faces'], endedAt: new Date('2026-01-02T03:04:06Z') },
      ...more,
      steps: { create: made },
    },
  });
  return globalId('Run', id);
}
