import { Failure } from '@kneepoint/failures';
import { FINETUNE, type ModelReference, PRUNE, TRUNCATE } from '@kneepoint/workflow';
import type { Context } from '../context.ts';

/** A network that a run made: image → task, with what its user must know. */
export interface Product {
  readonly preprocess: ModelReference['preprocess'];
  readonly modelName: string;
  /** Row id of the model that it was made from, if that is still known. */
  readonly modelId: string | null;
}

const MAKERS = [PRUNE.kind, TRUNCATE.kind, FINETUNE.kind];

/** The pruning, truncation or training that made an artifact; ARTIFACT_UNKNOWN when none did. */
export async function requireProduct({ db }: Context, sha256: string, field: string): Promise<Product> {
  const { prisma } = db;
  const results = /^[0-9a-f]{64}$/.test(sha256)
    ? await prisma.result.findMany({ where: { artifacts: { has: sha256 }, kind: { in: MAKERS } } })
    : [];
  const made = results.filter(({ output }) => (output as { modelSha256?: string }).modelSha256 === sha256);
  const step = await prisma.step.findFirst({
    where: { key: { in: made.map(({ key }) => key) } },
    orderBy: { createdAt: 'desc' },
    select: { input: true, run: { select: { modelId: true } } },
  });
  if (!step) {
    throw new Failure('ARTIFACT_UNKNOWN', `no pruning or training made "${sha256.slice(0, 80)}"`, {
      where: field,
      fix: 'Pass the sha256 of the model of a pruning, training or compression.',
    });
  }
  const { preprocess, modelName } = step.input as unknown as Product;
  return { preprocess, modelName, modelId: step.run.modelId };
}
