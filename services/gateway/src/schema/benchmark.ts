import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { enumeration } from './enumeration.ts';
import { RunDetailsInput } from './run-details.ts';
import { SafeInt } from './scalars.ts';

export const ExecutionProvider = enumeration(
  'ExecutionProvider',
  'What networks are run on.',
  { CPU: 'cpu', CUDA: 'cuda', AUTO: 'auto' },
  {
    CPU: 'The processor.',
    CUDA: 'A GPU of NVIDIA; fails where there is none.',
    AUTO: 'A GPU where there is one, else the processor.',
  },
);
export type ExecutionProvider = (typeof ExecutionProvider)[keyof typeof ExecutionProvider];

@InputType({ description: 'Networks to time against each other in one run.' })
export class LaunchBenchmarkInput {
  @Field(() => [ID], { nullable: true, description: 'Registered models.' })
  models?: string[];

  @Field(() => [String], { nullable: true, description: 'SHA-256 of networks that prunings or trainings made.' })
  artifacts?: string[];

  @Field(() => Int, { nullable: true, description: 'Images per run; 1 when absent.' })
  batch?: number;

  @Field(() => Int, { nullable: true, description: 'Timed runs of each network; 30 when absent.' })
  runs?: number;

  @Field(() => ExecutionProvider, { nullable: true, description: "The worker's own when absent." })
  provider?: ExecutionProvider;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@ObjectType({ description: 'Milliseconds for one batch.' })
export class Latency {
  @Field(() => Float, { description: 'The median, in milliseconds.' })
  p50!: number;

  @Field(() => Float, { description: 'In milliseconds: 95 of 100 runs took no longer.' })
  p95!: number;
}

@ObjectType({ description: 'What a layer takes, with all that follows it until the next one.' })
export class LayerTime {
  @Field(() => String, { description: 'Name of the layer.' })
  name!: string;

  @Field(() => Float, { description: 'Of the time in operators, 0 to 1.' })
  share!: number;

  @Field(() => Float, {
    description:
      'Milliseconds for one batch in a benchmark, for one image in a report: its share of the median of the whole.',
  })
  ms!: number;
}

@ObjectType({ description: 'One network as it was timed.' })
export class BenchmarkedNetwork {
  @Field(() => String, { description: 'The name of the model, or of the model that it was made from.' })
  name!: string;

  @Field(() => String, { description: 'SHA-256 of its file.' })
  sha256!: string;

  @Field(() => SafeInt, { description: 'How many weights it has.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;

  @Field(() => SafeInt, { description: 'Bytes of its file.' })
  bytes!: number;

  @Field(() => Latency, { description: 'Milliseconds for one batch.' })
  latencyMs!: Latency;

  @Field(() => Float, { description: 'Images in a second, at the median.' })
  imagesPerSecond!: number;

  @Field(() => [LayerTime], {
    description: 'Where the time goes, in graph order; empty where a GPU does the work, and of older measurements.',
  })
  layers!: readonly LayerTime[];
}

@ObjectType({ description: 'Networks timed against each other in one interleaved run.' })
export class Benchmark {
  @Field(() => ExecutionProvider, { description: 'What the networks were run on.' })
  provider!: string;

  @Field(() => Int, { description: 'Images that a network got at once.' })
  batch!: number;

  @Field(() => Int, { description: 'Timed runs of each network.' })
  runs!: number;

  @Field(() => [BenchmarkedNetwork], {
    description: 'Each as it was timed, in the order in which they were asked for.',
  })
  networks!: readonly BenchmarkedNetwork[];
}
