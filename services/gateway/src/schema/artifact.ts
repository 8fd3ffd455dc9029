import { Arg, Ctx, Field, FieldResolver, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({ description: 'Immutable bytes in the artifact store, named by their SHA-256.' })
export class Artifact {
  @Field(() => String)
  sha256!: string;

  @Field(() => SafeInt)
  bytes!: number;

  /** The name that a download gets when the caller names none. */
  filename!: string;
}

const SHA256 = /^[0-9a-f]{64}$/;
const DOWNLOAD_SECONDS = 15 * 60;

@Resolver(() => Artifact)
export class ArtifactResolver {
  @Query(() => Artifact, { nullable: true, description: 'An artifact by its SHA-256.' })
  async artifact(@Ctx() { loaders }: Context, @Arg('sha256', () => String) sha256: string): Promise<Artifact | null> {
    const row = SHA256.test(sha256) ? await loaders.artifacts.load(sha256) : null;
    return row ? { sha256, bytes: Number(row.bytes), filename: sha256 } : null;
  }

  @FieldResolver(() => String, { description: 'A presigned URL, valid for 15 minutes.' })
  downloadUrl(
    @Root() artifact: Artifact,
    @Ctx() { store }: Context,
    @Arg('filename', () => String, { nullable: true }) filename?: string,
  ): Promise<string> {
    return store.presignGet(artifact.sha256, {
      filename: filename ?? artifact.filename,
      expiresSeconds: DOWNLOAD_SECONDS,
    });
  }
}
