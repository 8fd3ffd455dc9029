import { Field, Float, InputType, Int } from 'type-graphql';
import { enumeration } from './enumeration.ts';

export const Criterion = enumeration(
  'Criterion',
  'How filters are ranked: which of them go first.',
  {
    DAMAGE: 'damage',
    LASSO: 'lasso',
    L1: 'l1',
    L2: 'l2',
    BN_SCALE: 'bnScale',
    ACTIVATION: 'activation',
    TAYLOR: 'taylor',
    RANDOM: 'random',
  },
  {
    DAMAGE: 'By what those kept cannot explain of what the answers depend on.',
    LASSO: 'By the characteristic curves of the task.',
    L1: 'By the sum of the sizes of their weights.',
    L2: 'By the root of the sum of the squares of their weights.',
    BN_SCALE: 'By the scale of their normalisation.',
    ACTIVATION: 'By their mean response to training images.',
    TAYLOR: 'By what the loss would change without them, to first order.',
    RANDOM: 'Not at all: what any other has to beat.',
  },
);
export type Criterion = (typeof Criterion)[keyof typeof Criterion];

export const Decision = enumeration(
  'Decision',
  'What becomes of channels that several layers share.',
  { UNION: 'union', VOTE: 'vote', MEAN: 'mean' },
  {
    UNION: 'They stay when any of these layers keeps them.',
    VOTE: 'They stay when at least half of these layers keep them.',
    MEAN: 'As many stay as these layers keep on average: those of greatest mean worth.',
  },
);
export type Decision = (typeof Decision)[keyof typeof Decision];

export const TargetKind = enumeration(
  'TargetKind',
  'What a target counts.',
  { MACS: 'macs', PARAMETERS: 'parameters', BYTES: 'bytes', LATENCY: 'latency' },
  {
    MACS: 'Multiply-accumulates for one image.',
    PARAMETERS: 'Weights.',
    BYTES: 'Bytes of weights.',
    LATENCY: 'Milliseconds for one image, timed while pruning; a plan does not know it.',
  },
);
export type TargetKind = (typeof TargetKind)[keyof typeof TargetKind];

@InputType({ description: 'How small the network shall become: exactly one of remove and atMost.' })
export class TargetInput {
  @Field(() => TargetKind, { description: 'What is counted.' })
  kind!: TargetKind;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of what the whole network takes that shall go, between 0 and 1: 0.6 leaves 40 %.',
  })
  remove?: number;

  @Field(() => Float, { nullable: true, description: 'What may be left; milliseconds for LATENCY.' })
  atMost?: number;
}

@InputType({ description: 'An ε of its own for one layer.' })
export class LayerEpsilon {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => Float, { description: 'Between 0 and 1.' })
  epsilon!: number;
}

@InputType({ description: 'A least number of filters of its own for one layer.' })
export class LayerMinFilters {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => Int, { description: '1 or more.' })
  minFilters!: number;
}

@InputType({
  description:
    'What decides a cut beside its ε or target: what the network is for, what it keeps, and by what filters are ranked.',
})
export class PlanInput {
  @Field(() => String, { nullable: true, description: 'What the network is for. Exactly one of task and tasks.' })
  task?: string;

  @Field(() => [String], {
    nullable: true,
    description: 'Several tasks at once: filters that any of them needs stay, one head answers all.',
  })
  tasks?: string[];

  @Field(() => [LayerEpsilon], { nullable: true, description: 'Only with an ε.' })
  layerEpsilon?: LayerEpsilon[];

  @Field(() => String, {
    nullable: true,
    description:
      'The layer that the head reads; when absent the cheapest of those that probe as well on validation as the best, for several tasks the one of best mean rank.',
  })
  layer?: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'How it reads that layer: 1 for the mean over all positions, 2 for a 2 × 2 grid; chosen with it when absent.',
  })
  pool?: number;

  @Field(() => Int, { nullable: true, description: 'Filters that every layer keeps at least; 1 when absent.' })
  minFilters?: number;

  @Field(() => [LayerMinFilters], { nullable: true, description: 'Filters that single layers keep at least.' })
  layerMinFilters?: LayerMinFilters[];

  @Field(() => Int, {
    nullable: true,
    description:
      'Every layer keeps a multiple of this many filters where its channels allow, such as 8, 16 or 32. When absent 4 on the CPU, or as much of that as a target allows; LASSO with an ε keeps what its curves say, to the filter.',
  })
  roundTo?: number;

  @Field(() => Criterion, {
    nullable: true,
    description:
      'When absent LASSO for an ε or with tasks to avoid, DAMAGE for a target. With an ε, DAMAGE loses in each layer at most that share of its damage; others get the MACs that LASSO leaves at that ε.',
  })
  criterion?: Criterion;

  @Field(() => Decision, { nullable: true, description: 'UNION when absent.' })
  decide?: Decision;

  @Field(() => [String], {
    nullable: true,
    description: 'Tasks that the network shall not carry: filters that tell more of them than of what is wanted go.',
  })
  avoidTasks?: string[];

  @Field(() => Float, {
    nullable: true,
    description: 'How much the worth of a filter for an avoided task counts; 1 when absent, 100 at most.',
  })
  avoidStrength?: number;
}
