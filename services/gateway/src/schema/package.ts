import { Arg, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { launchPackage, packageOf } from '../domain/packages.ts';
import { Artifact } from './artifact.ts';
import { enumeration } from './enumeration.ts';
import { runPayload, RunPayload } from './mutations.ts';
import { RunDetailsInput } from './run-details.ts';
import { Run } from './run.ts';

export const AnswerKind = enumeration(
  'AnswerKind',
  'What a network answers for tasks of classes; values that are measured stay what they are.',
  { RAW: 'raw', PROBABILITIES: 'probabilities', LABELS: 'labels' },
  {
    RAW: 'The scores that it was trained or fitted to give.',
    PROBABILITIES: 'Sigmoid or softmax of its scores, in the graph; of a network that was trained alone.',
    LABELS: "The number of the class, label or bin, by the report's thresholds and bins, in the graph.",
  },
);
export type AnswerKind = (typeof AnswerKind)[keyof typeof AnswerKind];

@InputType({ description: 'A network to be packaged with all that it is deployed with.' })
export class LaunchPackageInput {
  @Field(() => ID, { description: 'Id of the PRUNE or COMPRESSION run that made it.' })
  of!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Which result of that run, by its label; the only one when absent.',
  })
  label?: string;

  @Field(() => AnswerKind, { nullable: true, description: 'What the packaged network answers; RAW when absent.' })
  answers?: AnswerKind;

  @Field(() => Int, {
    nullable: true,
    description: 'Images of the test part that go along, with what is expected of them: 0 to 100; 10 when absent.',
  })
  testImages?: number;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@Resolver(() => Run)
export class PackageResolver {
  @Mutation(() => RunPayload, {
    description:
      'Lays out a network with what it is deployed with: sample code, test images, model card, files for servers; `package` of the run has it as one file once it has succeeded.',
  })
  launchPackage(
    @Ctx() context: Context,
    @Arg('input', () => LaunchPackageInput, { description: 'What to package.' }) input: LaunchPackageInput,
  ): Promise<RunPayload> {
    return runPayload(() => launchPackage(context, input));
  }

  @FieldResolver(() => Artifact, {
    nullable: true,
    description: 'The zip archive that a PACKAGE run has made; null until it has succeeded, and for other runs.',
  })
  package(@Root() run: Run, @Ctx() context: Context): Promise<Artifact | null> {
    return packageOf(context, run);
  }
}
