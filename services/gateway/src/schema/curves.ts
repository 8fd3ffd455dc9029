import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  Int,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import type { Context } from '../context.ts';
import { characteristicCurves, kneeOf } from '../domain/curves.ts';
import type { LayerResult } from '../domain/analyses.ts';

export const KneeCurve = { VALIDATION: 'validation', TRAIN: 'train' } as const;
export type KneeCurve = (typeof KneeCurve)[keyof typeof KneeCurve];
registerEnumType(KneeCurve, { name: 'KneeCurve', description: 'The curve on which a knee is looked for.' });

@ObjectType({ simpleResolvers: true, description: 'One solution of the lasso path: how many filters, at which error.' })
export class CurvePoint {
  @Field(() => Float)
  lambda!: number;

  @Field(() => Int)
  filters!: number;

  @Field(() => Float)
  rmseTrain!: number;

  @Field(() => Float)
  rmseValidation!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'The fewest filters whose error is within ε of the best: RMSE(k) − RMSE_min ≤ ε · (RMSE_max − RMSE_min).',
})
export class Knee {
  @Field(() => Float)
  epsilon!: number;

  @Field(() => Int)
  filters!: number;

  @Field(() => Float)
  lambda!: number;

  @Field(() => Float)
  rmse!: number;

  @Field(() => [Int], { description: 'Indices of the filters that the lasso chose there.' })
  kept!: readonly number[];
}

@ObjectType({
  simpleResolvers: true,
  description: "RMSE against the number of a layer's filters, along the lasso path.",
})
export class CharacteristicCurve {
  @Field(() => String)
  layer!: string;

  @Field(() => String)
  task!: string;

  @Field(() => Int, { description: 'Filters that the layer has.' })
  filters!: number;

  @Field(() => [CurvePoint])
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
    @Arg('model', () => ID) model: string,
    @Arg('dataset', () => ID) dataset: string,
    @Arg('task', () => String) task: string,
    @Arg('maxPoints', () => Int, { defaultValue: 100 }) maxPoints: number = 100,
  ): Promise<CharacteristicCurve[]> {
    return characteristicCurves(context, { model, dataset, task, maxPoints });
  }

  @FieldResolver(() => Knee, { description: 'Moves the knee without fitting anything again.' })
  knee(
    @Root() curve: CharacteristicCurve,
    @Ctx() context: Context,
    @Arg('epsilon', () => Float) epsilon: number,
    @Arg('on', () => KneeCurve, { defaultValue: KneeCurve.VALIDATION }) on: KneeCurve = KneeCurve.VALIDATION,
  ): Promise<Knee> {
    return kneeOf(context, curve, epsilon, on);
  }
}
