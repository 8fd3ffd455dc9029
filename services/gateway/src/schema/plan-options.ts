import { Field, Float, InputType, Int, registerEnumType } from 'type-graphql';

export const Criterion = {
  DAMAGE: 'damage',
  LASSO: 'lasso',
  L1: 'l1',
  L2: 'l2',
  BN_SCALE: 'bnScale',
  ACTIVATION: 'activation',
  TAYLOR: 'taylor',
  RANDOM: 'random',
} as const;
export type Criterion = (typeof Criterion)[keyof typeof Criterion];
registerEnumType(Criterion, {
  name: 'Criterion',
  description:
    'How filters are ranked. DAMAGE: by what those kept cannot explain of what the answers depend on. LASSO: by the characteristic curves of the task. L1, L2: by the size of their weights. BN_SCALE: by the scale of their normalisation. ACTIVATION: by their mean response. TAYLOR: by what the loss would change without them, to first order. RANDOM: not at all.',
});

export const Decision = { UNION: 'union', VOTE: 'vote', MEAN: 'mean' } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];
registerEnumType(Decision, {
  name: 'Decision',
  description:
    'What becomes of channels that several layers share. UNION: they stay when any of these keeps them. VOTE: when at least half do. MEAN: as many as these keep on average, those of greatest mean worth.',
});

export const TargetKind = { MACS: 'macs', PARAMETERS: 'parameters', BYTES: 'bytes', LATENCY: 'latency' } as const;
export type TargetKind = (typeof TargetKind)[keyof typeof TargetKind];
registerEnumType(TargetKind, {
  name: 'TargetKind',
  description: 'BYTES: of weights. LATENCY: milliseconds for one image, timed while pruning; a plan does not know it.',
});

@InputType({ description: 'How small the network shall become: exactly one of remove and atMost.' })
export class TargetInput {
  @Field(() => TargetKind)
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
  @Field(() => String)
  layer!: string;

  @Field(() => Float)
  epsilon!: number;
}

@InputType({ description: 'A least number of filters of its own for one layer.' })
export class LayerMinFilters {
  @Field(() => String)
  layer!: string;

  @Field(() => Int)
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

  @Field(() => [LayerMinFilters], { nullable: true })
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
