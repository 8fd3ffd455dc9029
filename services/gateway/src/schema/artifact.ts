import { Arg, Ctx, Field, FieldResolver, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { findArtifact } from '../domain/artifacts.ts';
import { Node } from './node.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({ implements: Node, description: 'Immutable bytes in the artifact store, named by their SHA-256.' })
export class Artifact extends Node {
  @Field(() => String, { description: 'SHA-256 of the bytes, 64 hexadecimal digits.' })
  sha256!: string;

  @Field(() => SafeInt, { description: 'How many bytes it has.' })
  bytes!: number;

  /** The name that a download gets when the caller names none. */
  filename!: string;
}

const DOWNLOAD_SECONDS = 15 * 60;

@Resolver(() => Artifact)
export class ArtifactResolver {
  @Query(() => Artifact, { nullable: true, description: 'An artifact by its SHA-256.' })
  artifact(
    @Ctx() context: Context,
    @Arg('sha256', () => String, { description: '64 hexadecimal digits.' }) sha256: string,
  ): Promise<Artifact | null> {
    return findArtifact(context, sha256);
  }

  @FieldResolver(() => String, { description: 'A presigned URL, valid for 15 minutes.' })
  downloadUrl(
    @Root() artifact: Artifact,
    @Ctx() { store }: Context,
    @Arg('filename', () => String, {
      nullable: true,
      description: 'What the file is called where it is saved; the name of what it is when absent.',
    })
    filename?: string,
  ): Promise<string> {
    return store.presignGet(artifact.sha256, {
      filename: filename ?? artifact.filename,
      expiresSeconds: DOWNLOAD_SECONDS,
    });
  }
}
