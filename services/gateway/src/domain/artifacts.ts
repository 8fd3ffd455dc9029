import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { Artifact } from '../schema/artifact.ts';
import { globalId } from './ids.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/** An artifact that the project has a right to. */
export async function findArtifact({ loaders }: Pick<Context, 'loaders'>, sha256: string): Promise<Artifact | null> {
  const row = SHA256.test(sha256) ? await loaders.artifacts.load(sha256) : null;
  return row ? toArtifact(sha256, Number(row.bytes), sha256) : null;
}

/** An artifact that a run made, under the name that a download gets. Throws ARTIFACT_UNKNOWN. */
export async function artifactOf(loaders: Context['loaders'], sha256: string, filename: string): Promise<Artifact> {
  const row = await loaders.artifacts.load(sha256);
  if (row) return toArtifact(sha256, Number(row.bytes), filename);
  throw new Failure('ARTIFACT_UNKNOWN', `artifact ${sha256} is not recorded`, {
    fix: 'Launch the run again to make it anew.',
  });
}

export function toArtifact(sha256: string, bytes: number, filename: string): Artifact {
  return { id: globalId('Artifact', sha256), nodeType: 'Artifact', sha256, bytes, filename };
}
