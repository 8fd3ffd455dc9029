import { Failure } from '@kneepoint/failures';
import { FINETUNE, type ModelReference, PRUNE, REPORT, TRUNCATE } from '@kneepoint/workflow';
import type { Context, Services } from '../context.ts';

/** A network that a run made: image → task, with what its user must know. */
export interface Product {
  /** SHA-256 of the same network as it is worked on. */
  readonly worked: string;
  readonly preprocess: ModelReference['preprocess'];
  readonly modelName: string;
  /** Of the partition on which it was made: on another, images that it is judged by would be some that it has learned from. */
  readonly splitSeed: number;
  /** Row id of the model that it was made from, if that is still known. */
  readonly modelId: string | null;
}

/** What the inputs of these steps have in common. A training's own settings have another seed. */
interface Made extends Pick<Product, 'preprocess' | 'modelName'> {
  readonly split?: { readonly seed: number };
  readonly settings: { readonly seed: number };
}

const MAKERS = [PRUNE.kind, TRUNCATE.kind, FINETUNE.kind];
const SHA256 = /^[0-9a-f]{64}$/;

/** The pruning, truncation or training that made an artifact; ARTIFACT_UNKNOWN when none did. */
export async function requireProduct({ loaders }: Context, sha256: string, field: string): Promise<Product> {
  const product = SHA256.test(sha256) ? await loaders.products.load(sha256) : null;
  if (!product) {
    throw new Failure('ARTIFACT_UNKNOWN', `no pruning or training made "${sha256.slice(0, 80)}"`, {
      where: field,
      fix: 'Pass the sha256 of the model of a pruning, training or compression.',
    });
  }
  return product;
}

/** What is known of each of these networks that a run made; of several steps that made it, the latest. */
export async function findProducts(
  { prisma }: Services['db'],
  sha256s: readonly string[],
): Promise<(Product & { readonly sha256: string })[]> {
  const find = (wanted: readonly string[]) =>
    prisma.result.findMany({
      where: { artifacts: { hasSome: [...wanted] }, kind: { in: [...MAKERS, REPORT.kind] } },
      select: { key: true, kind: true, output: true },
    });
  const found = await find(sha256s);
  // What a compression delivers says more of itself than what a pruning or training made, and is that.
  const aliases = new Map(
    found.flatMap(({ kind, output }) => {
      const { modelSha256, workedSha256 } = output as Forms;
      const delivered = kind === REPORT.kind && modelSha256 !== undefined && workedSha256 !== undefined;
      return delivered ? [[modelSha256, workedSha256] as const] : [];
    }),
  );
  const results = aliases.size === 0 ? found : [...found, ...(await find([...aliases.values()]))];
  // A step records other files beside its network, such as its report.
  const made = new Map(
    results.flatMap(({ key, kind, output }) => (kind === REPORT.kind ? [] : [[key, output as Forms] as const])),
  );
  const steps = await prisma.step.findMany({
    where: { key: { in: [...made.keys()] } },
    orderBy: { createdAt: 'asc' },
    select: { key: true, input: true, run: { select: { modelId: true } } },
  });
  return steps.flatMap(({ key, input, run }) => {
    const { modelSha256: worked, declaredSha256 } = made.get(key)!;
    if (worked === undefined) return [];
    const { preprocess, modelName, split, settings } = input as unknown as Made;
    const splitSeed = split?.seed ?? settings.seed;
    const names = [worked, declaredSha256, ...[...aliases].flatMap(([alias, of]) => (of === worked ? [alias] : []))];
    return names.flatMap((sha256) =>
      sha256 === undefined ? [] : [{ sha256, worked, preprocess, modelName, splitSeed, modelId: run.modelId }],
    );
  });
}

/** A network as an output names it. */
interface Forms {
  readonly modelSha256?: string;
  readonly declaredSha256?: string;
  readonly workedSha256?: string;
}
