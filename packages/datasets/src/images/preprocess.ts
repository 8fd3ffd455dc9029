import { Failure } from '@kneepoint/failures';
import { z } from 'zod';

const numbers = (least: number): z.ZodArray<z.ZodNumber> => z.array(z.number().min(least).max(1e6)).min(1).max(3);
const side = z.int().min(1).max(8_192);

const preprocessSchema = z.strictObject({
  channels: z.enum(['rgb', 'bgr', 'grey']),
  range: z.union([z.tuple([z.literal(0), z.literal(255)]), z.tuple([z.literal(0), z.literal(1)])]),
  mean: numbers(-1e6),
  std: numbers(1e-6),
  size: z.strictObject({ width: side, height: side }).optional(),
  fit: z.enum(['fill', 'cover', 'contain']).optional(),
});

/**
 * How an image becomes a model's input, in this order: decode; grey → 3 channels, or RGB → grey; resize (`fit`, by
 * default `fill`, which stretches); order of channels; range; (x − mean) / std. `mean` and `std` have one value or one
 * per channel, in the order of `channels` and on the scale of `range`.
 */
export type Preprocess = z.infer<typeof preprocessSchema>;

/** What is assumed of a model that declares nothing. */
export const DEFAULT_PREPROCESS: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0], std: [1] };

/** FILE.preprocess.json as a value, checked. Throws PREPROCESS_INVALID with every mistake. */
export function validatePreprocess(json: unknown, where = 'preprocess'): Preprocess {
  const result = preprocessSchema.safeParse(json);
  if (result.success) return result.data;
  const list = result.error.issues.map(({ path, message }) =>
    [path.map(String).join('.'), message].filter(Boolean).join(': '),
  );
  throw new Failure('PREPROCESS_INVALID', list.join('; '), {
    where,
    fix: '{ "channels": "rgb" | "bgr" | "grey", "range": [0, 255] | [0, 1], "mean": [...], "std": [...] }',
  });
}

/** The default for a model with `channels` input channels, and a warning that says what it is. */
export function defaultPreprocess(channels: number): { preprocess: Preprocess; note: string } {
  const preprocess: Preprocess = { ...DEFAULT_PREPROCESS, channels: channels === 1 ? 'grey' : 'rgb' };
  const note =
    `the model declares no preprocessing: assuming channels ${preprocess.channels}, range [0, 1], no mean and std; ` +
    'write FILE.preprocess.json beside the model if that is wrong';
  return { preprocess, note };
}
