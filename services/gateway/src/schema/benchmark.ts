import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { SafeInt } from './scalars.ts';

export const ExecutionProvider = { CPU: 'cpu', CUDA: 'cuda', AUTO: 'auto' } as const;
export type ExecutionProvider = (typeof ExecutionProvider)[keyof typeof ExecutionProvider];
registerEnumType(ExecutionProvider, {
  name: 'ExecutionProvider',
  description: 'CUDA fails where there is no GPU; AUTO takes one where there is.',
});

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

  @Field(() => String, { nullable: true })
  idempotencyKey?: string;
}

@ObjectType({ description: 'Milliseconds for one batch.' })
export class Latency {
  @Field(() => Float)
  p50!: number;

  @Field(() => Float)
  p95!: number;
}

@ObjectType()
export class BenchmarkedNetwork {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  sha256!: string;

  @Field(() => SafeInt)
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;

  @Field(() => SafeInt)
  bytes!: number;

  @Field(() => Latency)
  latencyMs!: Latency;

  @Field(() => Float, { description: 'At the median.' })
  imagesPerSecond!: number;
}

@ObjectType({ description: 'Networks timed against each other in one interleaved run.' })
export class Benchmark {
  @Field(() => ExecutionProvider, { description: 'What the networks were run on.' })
  provider!: string;

  @Field(() => Int)
  batch!: number;

  @Field(() => Int)
  runs!: number;

  @Field(() => [BenchmarkedNetwork])
  networks!: readonly BenchmarkedNetwork[];
}
