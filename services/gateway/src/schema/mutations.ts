import { Arg, Ctx, Field, Float, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import * as launches from '../domain/launches.ts';
import { cancel, retry, updateRun } from '../domain/run-control.ts';
import { completeUpload, createUpload } from '../domain/uploads.ts';
import { PlanInput, TargetInput } from './plan-options.ts';
import { Run } from './run.ts';
import { RunDetailsInput } from './run-details.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

@ObjectType({ description: 'The run that was launched or changed, or why it was refused.' })
export class RunPayload {
  @Field(() => Run, { nullable: true, description: 'Null where it was refused.' })
  run!: Run | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Where to PUT which bytes of a file.' })
export class UploadPart {
  @Field(() => String, { description: 'Where to PUT these bytes.' })
  url!: string;

  @Field(() => SafeInt, { description: 'Where they begin in the file, in bytes.' })
  offset!: number;

  @Field(() => SafeInt, { description: 'How many bytes they are.' })
  bytes!: number;
}

@ObjectType({ description: 'Where to PUT the bytes, and until when.' })
export class Upload {
  @Field(() => ID, { description: 'To be passed to `completeUpload`.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'For all bytes at once; null where the file is too large for one request.',
  })
  url!: string | null;

  @Field(() => [UploadPart], {
    description: 'Each part of the file has an address of its own. One, but for files of gigabytes.',
  })
  parts!: UploadPart[];

  @Field(() => DateTime, { description: 'Until when its addresses take bytes.' })
  expiresAt!: Date;
}

@ObjectType({ description: 'Where to send the bytes, or why it was refused.' })
export class CreateUploadPayload {
  @Field(() => Upload, { nullable: true, description: 'Null where it was refused.' })
  upload!: Upload | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What arrived, or why it was refused.' })
export class CompleteUploadPayload {
  @Field(() => String, { nullable: true, description: 'SHA-256 of what arrived; registrations refer to it.' })
  sha256!: string | null;

  @Field(() => SafeInt, { nullable: true, description: 'How many bytes arrived.' })
  bytes!: number | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

@InputType({ description: 'An ONNX file to register. Exactly one of upload and path.' })
export class RegisterModelInput {
  @Field(() => String, { description: 'What people call the model: 100 characters at most.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 of a completed upload: an ONNX file, or a tar, tar.gz or zip of one with the files of its weights.',
  })
  upload?: string;

  @Field(() => String, {
    nullable: true,
    description: 'A path on the server; only a server on embedded defaults accepts it.',
  })
  path?: string;

  @Field(() => Json, {
    nullable: true,
    description:
      'How pixels become the input: { channels, range, mean, std, … } or { preset }, as docs/data.md has it.',
  })
  preprocess?: object;

  @Field(() => String, { nullable: true, description: 'The task that the network was trained for.' })
  primaryTask?: string;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@InputType({ description: 'Labelled images to register. Exactly one of upload and path.' })
export class RegisterDatasetInput {
  @Field(() => String, { description: 'What people call the data set: 100 characters at most.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 of a completed upload: a tar, tar.gz or zip of a folder of labelled images, or a packed data set.',
  })
  upload?: string;

  @Field(() => String, {
    nullable: true,
    description: 'A folder, or an archive of one, on the server; only a server on embedded defaults accepts it.',
  })
  path?: string;

  @Field(() => Json, {
    nullable: true,
    description: 'Types, classes, bins and units of the tasks; inferred when absent.',
  })
  schema?: object;

  @Field(() => String, {
    nullable: true,
    description: 'Column whose value keeps images together when the set is split.',
  })
  group?: string;

  @Field(() => Json, {
    nullable: true,
    description:
      '{ format, split, imageColumn, delimiter, types, strict, skipBad }: how the folder or archive is read; by what lies there when absent.',
  })
  reading?: object;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@InputType({ description: 'What to analyse.' })
export class LaunchAnalysisInput {
  @Field(() => ID, { description: 'The network whose layers are read.' })
  model!: string;

  @Field(() => ID, { description: 'The images and their labels.' })
  dataset!: string;

  @Field(() => [String], { nullable: true, description: 'All tasks of the data set when absent.' })
  tasks?: string[];

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@InputType({ description: 'Which cuts to make.' })
export class LaunchPruneInput {
  @Field(() => ID, { description: 'The network to cut.' })
  model!: string;

  @Field(() => ID, { description: 'The images and their labels.' })
  dataset!: string;

  @Field(() => PlanInput, { description: 'What the networks are for and what they keep.' })
  plan!: PlanInput;

  @Field(() => [Float], { nullable: true, description: 'One pruned network for each; and one for each of targets.' })
  epsilons?: number[];

  @Field(() => [TargetInput], { nullable: true, description: 'One pruned network for each; 20 with epsilons at most.' })
  targets?: TargetInput[];

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

/** The payload of a mutation that launches or changes a run. */
export const runPayload = (work: () => Promise<Run>): Promise<RunPayload> =>
  withUserErrors<{ run: Run | null }>(async () => ({ run: await work() }), { run: null });

@Resolver()
export class MutationResolver {
  @Mutation(() => CreateUploadPayload, { description: 'Begins an upload: says where to PUT the bytes.' })
  createUpload(
    @Ctx() context: Context,
    @Arg('bytes', () => SafeInt, { description: 'How many bytes will be sent.' }) bytes: number,
  ): Promise<CreateUploadPayload> {
    return withUserErrors<{ upload: Upload | null }>(async () => ({ upload: await createUpload(context, bytes) }), {
      upload: null,
    });
  }

  @Mutation(() => CompleteUploadPayload, {
    description:
      'Checks what arrived against its SHA-256 and keeps it. May be repeated: after success, and while a large file is still being checked (UPLOAD_UNDER_CHECK).',
  })
  completeUpload(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the upload.' }) id: string,
    @Arg('sha256', () => String, { description: 'SHA-256 of what was sent, 64 hexadecimal digits.' }) sha256: string,
  ): Promise<CompleteUploadPayload> {
    return withUserErrors<{ sha256: string | null; bytes: number | null }>(() => completeUpload(context, id, sha256), {
      sha256: null,
      bytes: null,
    });
  }

  @Mutation(() => RunPayload, { description: 'Imports an ONNX file; the model is on the run when it has succeeded.' })
  registerModel(
    @Ctx() context: Context,
    @Arg('input', () => RegisterModelInput, { description: 'The file, and how it is read.' }) input: RegisterModelInput,
  ): Promise<RunPayload> {
    return runPayload(() => launches.registerModel(context, input));
  }

  @Mutation(() => RunPayload, {
    description:
      'Imports labelled images; the data set, with what was found and left out, is on the run when it has succeeded.',
  })
  registerDataset(
    @Ctx() context: Context,
    @Arg('input', () => RegisterDatasetInput, { description: 'The images, and how they are read.' })
    input: RegisterDatasetInput,
  ): Promise<RunPayload> {
    return runPayload(() => launches.registerDataset(context, input));
  }

  @Mutation(() => RunPayload, {
    description: 'Responses of every layer, the matrix cells and the characteristic curves.',
  })
  launchAnalysis(
    @Ctx() context: Context,
    @Arg('input', () => LaunchAnalysisInput, { description: 'What to analyse.' }) input: LaunchAnalysisInput,
  ): Promise<RunPayload> {
    return runPayload(() => launches.launchAnalysis(context, input));
  }

  @Mutation(() => RunPayload, {
    description:
      'A smaller network for a task, or for several, at each ε and target; analyses first what was not analysed yet.',
  })
  launchPrune(
    @Ctx() context: Context,
    @Arg('input', () => LaunchPruneInput, { description: 'Which cuts to make.' }) input: LaunchPruneInput,
  ): Promise<RunPayload> {
    return runPayload(() => launches.launchPrune(context, input));
  }

  @Mutation(() => RunPayload, { description: 'Ends a run; what it has finished is kept and found again.' })
  cancelRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
  ): Promise<RunPayload> {
    return runPayload(() => cancel(context, id));
  }

  @Mutation(() => RunPayload, {
    description: 'Names a run, or gives it other labels or metadata; what is left out stays, null takes away.',
  })
  updateRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
    @Arg('input', () => RunDetailsInput, { description: 'What shall be said of it.' }) input: RunDetailsInput,
  ): Promise<RunPayload> {
    return runPayload(() => updateRun(context, id, input));
  }

  @Mutation(() => RunPayload, {
    description: 'Launches the work of a failed or canceled run again; what succeeded is reused.',
  })
  retryRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
  ): Promise<RunPayload> {
    return runPayload(() => retry(context, id));
  }
}
