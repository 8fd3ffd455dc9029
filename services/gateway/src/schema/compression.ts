import { Field, Float, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { Artifact } from './artifact.ts';
import { LaunchPruneInput } from './mutations.ts';
import { Criterion } from './plan-options.ts';
import { Json } from './scalars.ts';
import { TrainingInput } from './training.ts';

export const CompressionArm = {
  FINETUNED: 'finetuned',
  SCRATCH: 'scratch',
  HEAD_ONLY: 'headOnly',
  UNPRUNED: 'unpruned',
} as const;
export type CompressionArm = (typeof CompressionArm)[keyof typeof CompressionArm];
registerEnumType(CompressionArm, {
  name: 'CompressionArm',
  description:
    'What is trained for a comparison. FINETUNED: the pruned network. SCRATCH: the same architecture from fresh weights. HEAD_ONLY: nothing pruned, only the head trained. UNPRUNED: nothing pruned, all of it trained.',
});

@InputType()
export class LaunchCompressionInput extends LaunchPruneInput {
  @Field(() => [CompressionArm], {
    nullable: true,
    description: 'All when absent; none when empty: then the head fitted in closed form is all that is trained.',
  })
  arms?: CompressionArm[];

  @Field(() => TrainingInput, { nullable: true, description: 'For every arm.' })
  training?: TrainingInput;

  @Field(() => [Criterion], {
    nullable: true,
    description:
      'Criteria by which the network is cut too, at equal MACs, refitted and, where FINETUNED is among the arms, trained on.',
  })
  compare?: Criterion[];
}

@ObjectType({ description: 'A smaller network at one ε or target, and all that it was compared with.' })
export class Compression {
  @Field(() => String, { description: 'Tells it apart from others of the run, such as "0.01" or "macs-60pct".' })
  label!: string;

  @Field(() => Float, { nullable: true, description: 'Null where a target decided.' })
  epsilon!: number | null;

  @Field(() => Json, {
    description:
      'Metric, size and latency before and after, filters kept per layer, proof, and every arm side by side.',
  })
  report!: object;

  @Field(() => Artifact, { description: 'The finetuned network where there is one, else the refitted one.' })
  model!: Artifact;

  @Field(() => Artifact)
  reportFile!: Artifact;
}
