import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { enumeration } from './enumeration.ts';
import { Artifact } from './artifact.ts';
import { LaunchPruneInput } from './mutations.ts';
import { Criterion } from './plan-options.ts';
import { SafeInt } from './scalars.ts';
import { TrainingInput } from './training.ts';

export const CompressionArm = enumeration(
  'CompressionArm',
  'What is trained for a comparison.',
  {
    FINETUNED: 'finetuned',
    SCRATCH: 'scratch',
    HEAD_ONLY: 'headOnly',
    UNPRUNED: 'unpruned',
  },
  {
    FINETUNED: 'The pruned network.',
    SCRATCH: 'The same architecture from fresh weights.',
    HEAD_ONLY: 'Nothing is pruned, and only the head is trained.',
    UNPRUNED: 'Nothing is pruned, and all of it is trained.',
  },
);
export type CompressionArm = (typeof CompressionArm)[keyof typeof CompressionArm];

export const Quantization = enumeration(
  'Quantization',
  'How a network is stored and computed in whole numbers.',
  { INT8: 'int8' },
  { INT8: 'Weights of 8 bits with a scale for each filter, activations of 8 bits, biases of 32 (QDQ).' },
);
export type Quantization = (typeof Quantization)[keyof typeof Quantization];

@InputType({
  description:
    'What the small network must still do, on validation, measured against the whole network finetuned: exactly one of share and within.',
})
export class KeepInput {
  @Field(() => Float, {
    nullable: true,
    description: 'Share of its metric, above 0 and at most 1; an error may grow to the reference divided by it.',
  })
  share?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'How much worse it may be, in the unit of the metric; accuracies lie between 0 and 1.',
  })
  within?: number;
}

@InputType({ description: 'What to compress, by how much, and what to compare it with.' })
export class LaunchCompressionInput extends LaunchPruneInput {
  @Field(() => [CompressionArm], {
    nullable: true,
    description:
      'FINETUNED and UNPRUNED when absent; none when empty: then the head fitted in closed form is all that is trained.',
  })
  arms?: CompressionArm[];

  @Field(() => KeepInput, {
    nullable: true,
    description:
      'The smallest network that keeps this is searched in rounds, alone or beside one of targets, which is then small enough. 99 % when no ε, target or goal is given and FINETUNED is among the arms.',
  })
  keep?: KeepInput;

  @Field(() => Int, {
    nullable: true,
    description: 'Networks that a search for a goal trains at most, 1 to 12; 6 when absent.',
  })
  rounds?: number;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether pruned networks learn from the answers of the whole one finetuned as well, which is trained for that; true when absent.',
  })
  teacher?: boolean;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Seed of the partition into training, validation and test images; 1 when absent.',
  })
  splitSeed?: number;

  @Field(() => String, {
    nullable: true,
    description:
      'Of the files that are delivered: "free", or how many images they take at a time; that of the original when absent.',
  })
  batch?: string;

  @Field(() => Quantization, {
    nullable: true,
    description:
      'Turns what is delivered into whole numbers, calibrated on the training images; layers that make validation fall by more than a point stay float. Refused by QUANTIZE_NOT_BORNE where that is not enough. Float when absent.',
  })
  quantize?: Quantization;

  @Field(() => TrainingInput, { nullable: true, description: 'For every arm.' })
  training?: TrainingInput;

  @Field(() => [Criterion], {
    nullable: true,
    description:
      'Criteria by which the network is cut too, at equal MACs, refitted and, where FINETUNED is among the arms, trained on.',
  })
  compare?: Criterion[];
}

@ObjectType({ description: 'A smaller network at one ε, target or goal, and all that it was compared with.' })
export class Compression {
  @Field(() => String, { description: 'Tells it apart from others of the run, such as "0.01" or "macs-60pct".' })
  label!: string;

  @Field(() => Float, { nullable: true, description: 'Null where a target or a goal decided.' })
  epsilon!: number | null;

  @Field(() => Artifact, {
    description:
      'The finetuned network where there is one, else the refitted one; its inputs and outputs are declared as those of the original.',
  })
  model!: Artifact;

  rowId!: string;
}
