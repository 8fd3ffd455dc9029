import { Arg, Ctx, Field, FieldResolver, InputType, Int, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { registerReproduction, reproductionOf } from '../domain/reproductions.ts';
import { Artifact } from './artifact.ts';
import { enumeration } from './enumeration.ts';
import { runPayload, RunPayload } from './mutations.ts';
import { RunDetailsInput } from './run-details.ts';
import { Run } from './run.ts';

export const ClaimVerdict = enumeration(
  'ClaimVerdict',
  'Whether something that the paper says holds of these results.',
  { HOLDS: 'holds', DOES_NOT_HOLD: 'does not hold here', CANNOT_BE_TOLD: 'cannot be told' },
  {
    HOLDS: 'The figures say so.',
    DOES_NOT_HOLD: 'The figures say otherwise.',
    CANNOT_BE_TOLD: 'Nothing was measured that decides it.',
  },
);

export const ReproductionProfile = enumeration(
  'ReproductionProfile',
  'How much a reproduction was made of.',
  { FULL: 'full', QUICK: 'quick', OWN: 'own' },
  {
    FULL: 'Drawn faces, as many as its figures need.',
    QUICK: 'A share of them, of which figures say little.',
    OWN: 'Data and networks of one’s own.',
  },
);

@InputType({ description: 'Results of a reproduction that `kneepoint reproduce` has made.' })
export class RegisterReproductionInput {
  @Field(() => String, { description: 'SHA-256 of a completed upload: results.json as the command wrote it.' })
  upload!: string;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@ObjectType({ simpleResolvers: true, description: 'Something that the paper says, and whether these results agree.' })
export class ReproductionClaim {
  @Field(() => String, { description: 'Where the paper says it.' })
  place!: string;

  @Field(() => String, { description: 'What it says, in our words.' })
  claim!: string;

  @Field(() => ClaimVerdict, { description: 'Whether it holds here.' })
  verdict!: string;

  @Field(() => String, { description: 'The figures that decide, in one sentence.' })
  said!: string;

  @Field(() => String, { nullable: true, description: 'Name of the figure that shows it; null for a table.' })
  figure!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'A figure of the paper, of these results.' })
export class ReproductionFigure {
  @Field(() => String, { description: 'Name of its file, without ending.' })
  name!: string;

  @Field(() => String, { description: 'The figure of the paper, such as "Fig. 5, left".' })
  paper!: string;

  @Field(() => Artifact, { description: 'SVG, in the colours of a light page or of a dark one.' })
  file!: Artifact;
}

@ObjectType({ simpleResolvers: true, description: 'What a reproduction of the paper found.' })
export class Reproduction {
  @Field(() => String, { description: 'What it was read from: drawn faces, or the name of a data set.' })
  data!: string;

  @Field(() => Int, { description: 'Images that the relationships were read on.' })
  images!: number;

  @Field(() => String, { description: 'The machine that it was measured on; times are of it.' })
  machine!: string;

  @Field(() => ReproductionProfile, { description: 'How much it was made of.' })
  profile!: string;

  @Field(() => [String], { description: 'Names of the networks that were read.' })
  networks!: readonly string[];

  @Field(() => [String], { description: 'Names of the tasks.' })
  tasks!: readonly string[];

  @Field(() => [ReproductionClaim], { description: 'In the order of the paper’s argument.' })
  claims!: readonly ReproductionClaim[];

  @Field(() => [ReproductionFigure], { description: 'In the order of the paper’s argument.' })
  figures!: readonly ReproductionFigure[];

  @Field(() => Artifact, { description: 'Everything that was measured, as JSON: all else follows from it.' })
  results!: Artifact;

  @Field(() => Artifact, { description: 'Claims, figures and tables as Markdown.' })
  page!: Artifact;
}

@Resolver(() => Run)
export class ReproductionResolver {
  @Mutation(() => RunPayload, {
    description:
      'Checks and keeps results of a reproduction; `reproduction` of the run has them once it has succeeded.',
  })
  registerReproduction(
    @Ctx() context: Context,
    @Arg('input', () => RegisterReproductionInput, { description: 'The results.' }) input: RegisterReproductionInput,
  ): Promise<RunPayload> {
    return runPayload(() => registerReproduction(context, input));
  }

  @FieldResolver(() => Reproduction, {
    nullable: true,
    description: 'What a REPRODUCTION run keeps; null until it has succeeded, and for other runs.',
  })
  reproduction(@Root() run: Run, @Ctx() context: Context): Promise<Reproduction | null> {
    return reproductionOf(context, run);
  }
}
