import { z } from 'zod';
import type { Reproduction } from '../results.ts';

/** Far above what anything measures, and low enough that no scale of a figure overflows. */
const MOST = 1e15;

const text = z.string().max(300);
const name = z.string().min(1).max(200);
const figure = z.number().min(-MOST).max(MOST);
const positive = z.number().positive().max(MOST);
const seconds = z.number().min(0).max(MOST);
const count = z.int().min(0).max(MOST);
const some = z.int().min(1).max(MOST);
const names = z.array(name).max(100);

const metric = { metric: name, higherIsBetter: z.boolean() };
const size = {
  ...{ parameters: some, macs: some, bytes: some },
  latencyMs: z.object({ p50: positive, p95: positive }),
};

const widths = z.array(z.union([some, z.literal('pool')])).max(200);
const profile = z.object({
  name: z.enum(['full', 'quick', 'own']),
  ...{ faces: count, persons: count, smaller: count, size: count },
  widths,
  lightWidths: z.tuple([some, some, some, some, some]),
  wide: z.object({ widths, epochs: count }).nullable(),
  ...{
    primaryEpochs: count,
    satelliteEpochs: count,
    headEpochs: count.nullable(),
    primaries: names,
    localised: name,
    spread: name,
    ruled: names,
  },
  epsilons: z.array(z.number().positive().max(1)).max(20),
  ...{
    small: names,
    smallShare: z.number().min(0).max(1),
    smallEpochs: count.nullable(),
    ranked: names,
    agnostic: name.nullable(),
  },
  light: z.boolean(),
});

const network = z.object({
  ...{ name, task: name.nullable(), parameters: some, macs: some },
  own: z.object({ ...metric, value: figure, chance: figure, seconds }).nullable(),
});

const cell = z.object({
  ...{ ...metric, network: name, task: name, layer: name, value: figure, spread: figure, chance: figure },
  ...{ reductionPercent: figure.nullable(), interval: z.object({ low: figure, high: figure }).nullable() },
  ...{ r2: figure.nullable(), logMe: figure.nullable(), hScore: figure.nullable() },
});

const curve = z.object({
  ...{ network: name, task: name, unit: text.nullable() },
  layers: z
    .array(
      z.object({
        ...{ layer: name, filters: some },
        points: z
          .array(z.object({ filters: count, rmse: figure }))
          .min(1)
          .max(1000),
        knee: z.object({ epsilon: figure, filters: count, rmse: figure }),
      }),
    )
    .min(1)
    .max(500),
});

const cutFigures = z.object({
  ...{ label: text, task: name, epsilon: z.number().positive().max(1).nullable(), criterion: name, bestLayer: name },
  metric: z.object({
    ...{ name, higherIsBetter: z.boolean(), chance: figure, probe: figure, pruned: figure, healed: figure },
    ...{ refit: figure, finetuned: figure.exactOptional() },
  }),
  ...{ before: z.object(size), after: z.object(size) },
  layers: z
    .array(
      z.object({
        ...{ name, filters: count, kept: count, indices: z.array(count).max(20_000) },
        ...{ parametersBefore: count, parametersAfter: count, macsBefore: count, macsAfter: count },
      }),
    )
    .max(1000),
  criteria: z
    .array(
      z.object({
        ...{ criterion: name, parameters: some, macs: some, refit: figure },
        finetuned: figure.exactOptional(),
      }),
    )
    .max(20),
  arms: z
    .array(
      z.object({
        ...size,
        arm: z.enum(['refit', 'finetuned', 'scratch', 'headOnly', 'unpruned', 'quantized']),
        ...{ metric: figure, validation: figure, epochs: count.nullable(), seconds: seconds.nullable() },
      }),
    )
    .max(20),
});
const cut = z.object({ network: name, result: cutFigures });
const cuts = z.array(cut).max(200);
const throughput = z.object({ batch: some, before: positive, after: positive });

/** Shapes and bounds of results. Members that are not known are left out. */
export const reproductionSchema = z.object({
  ...{ version: z.literal('1'), machine: text, profile, data: text, images: some, tasks: names.min(1) },
  networks: z.array(network).min(1).max(50),
  wide: network.nullable(),
  matrix: z.array(cell).min(1).max(5000),
  byLayer: z
    .array(z.object({ ...metric, network: name, task: name, layer: name, value: figure, chance: figure }))
    .min(1)
    .max(2000),
  transfer: z
    .array(
      z.object({
        ...{ ...metric, network: name, task: name, regression: figure, headOnly: figure, headSeconds: seconds },
        onImages: z.object({ value: figure, seconds }),
      }),
    )
    .max(100),
  timing: z.object({
    ...{ network: name, tasks: names, images: some, layers: some },
    ...{ regressionSeconds: positive, lastLayerSeconds: positive, headSeconds: seconds.nullable() },
    onImagesSeconds: seconds.nullable(),
  }),
  responses: z
    .object({
      ...{ network: name, layer: name, task: name },
      bins: z.array(z.object({ name: text, rows: count, mean: z.array(figure).max(20_000) })).max(50),
      explained: z.array(figure).max(20_000),
    })
    .nullable(),
  distribution: z.object({
    ...{ network: name, layer: name, filters: z.int().min(1).max(20_000), epsilon: positive },
    tasks: z
      .array(z.object({ task: name, kept: z.array(count).max(20_000) }))
      .min(1)
      .max(100),
  }),
  curves: z.array(curve).max(10),
  ...{ cuts, small: z.array(cut.extend({ head: figure, finetuned: figure, throughput })).max(200), light: cuts },
  agnostic: z
    .object({
      ...{ network: name, result: cutFigures },
      tasks: z
        .array(z.object({ ...metric, task: name, role: name, before: figure, after: figure, chance: figure }))
        .max(100),
    })
    .nullable(),
  rankings: z
    .array(
      z.object({
        task: name,
        finetuned: z.array(z.object({ network: name, value: figure })).max(50),
        scores: z.array(z.object({ score: name, rho: z.number().min(-1).max(1).nullable() })).max(20),
      }),
    )
    .max(100),
}) satisfies z.ZodType<Reproduction>;
