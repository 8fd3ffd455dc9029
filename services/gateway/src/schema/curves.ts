import { Arg, Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { enumeration } from './enumeration.ts';
import type { Context } from '../context.ts';
import { characteristicCurves, kneeOf } from '../domain/curves.ts';
import type { LayerResult } from '../domain/analyses.ts';

export const KneeCurve = enumeration(
  'KneeCurve',
  'The curve on which a knee is looked for.',
  { VALIDATION: 'validation', TRAIN: 'train' },
  { VALIDATION: 'The error on validation images.', TRAIN: 'The error on training images.' },
);
export type KneeCurve = (typeof KneeCurve)[keyof typeof KneeCurve];

@ObjectType({ simpleResolvers: true, description: 'One solution of the lasso path: how many filters, at which error.' })
export class CurvePoint {
  @Field(() => Float, { description: 'Weight of the penalty there.' })
  lambda!: number;

  @Field(() => Int, { description: 'How many filters have a weight there.' })
  filters!: number;

  @Field(() => Float, {
    description: 'Error on training images, in the unit of the target; of classes, of their 0 and 1.',
  })
  rmseTrain!: number;

  @Field(() => Float, {
    description: 'Error on validation images, in the unit of the target; of classes, of their 0 and 1.',
  })
  rmseValidation!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'The fewest filters whose error is within ε of the best: RMSE(k) − RMSE_min ≤ ε · (RMSE_max − RMSE_min).',
})
export class Knee {
  @Field(() => Float, { description: 'The ε that was asked for.' })
  epsilon!: number;

  @Field(() => Int, { description: 'How many filters are kept there.' })
  filters!: number;

  @Field(() => Float, { description: 'Weight of the penalty there.' })
  lambda!: number;

  @Field(() => Float, { description: 'Error there, in the unit of the target; of classes, of their 0 and 1.' })
  rmse!: number;

  @Field(() => [Int], { description: 'Indices of the filters that the lasso chose there.' })
  kept!: readonly number[];
}

@ObjectType({
  simpleResolvers: true,
  description: "RMSE against the number of a layer's filters, along the lasso path.",
})
export class CharacteristicCurve {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => String, { description: 'Name of the task.' })
  task!: string;

  @Field(() => Int, { description: 'Filters that the layer has.' })
  filters!: number;

  @Field(() => [CurvePoint], { description: 'From the fewest filters to the most.' })
  points!: readonly CurvePoint[];

  @Field(() => [Int], {
    description: 'Points (by index on the full path) whose duality gap missed the certificate; normally empty.',
  })
  uncertified!: readonly number[];

  source!: LayerResult;
}

@Resolver(() => CharacteristicCurve)
export class CurveResolver {
  @Query(() => [CharacteristicCurve], { description: 'One for each layer, in graph order.' })
  characteristicCurves(
    @Ctx() context: Context,
    @Arg('model', () => ID, { description: 'Id of the network.' }) model: string,
    @Arg('dataset', () => ID, { description: 'Id of the data set.' }) dataset: string,
    @Arg('task', () => String, { description: 'Name of the task.' }) task: string,
    @Arg('maxPoints', () => Int, {
      defaultValue: 100,
      description: 'Points of each curve at most, 2 to 1000: the full path is thinned out.',
    })
    maxPoints: number = 100,
  ): Promise<CharacteristicCurve[]> {
    return characteristicCurves(context, { model, dataset, task, maxPoints });
  }

  @FieldResolver(() => Knee, { description: 'Moves the knee without fitting anything again.' })
  knee(
    @Root() curve: CharacteristicCurve,
    @Ctx() context: Context,
    @Arg('epsilon', () => Float, { description: 'Between 0 and 1, such as 0.01.' }) epsilon: number,
    @Arg('on', () => KneeCurve, { defaultValue: KneeCurve.VALIDATION, description: 'The curve on which to look.' })
    on: KneeCurve = KneeCurve.VALIDATION,
  ): Promise<Knee> {
    return kneeOf(context, curve, epsilon, on);
  }
}
