import { Failure } from '@kneepoint/failures';
import { z } from 'zod';
import { fitOf } from './fit.ts';
import { PRESET_NAMES, PRESETS, type PresetName } from './presets.ts';

const numbers = (least: number): z.ZodArray<z.ZodNumber> => z.array(z.number().min(least).max(1e6)).min(1).max(4);
const side = z.int().min(1).max(8_192);
const level = z.int().min(0).max(255);

const preprocessSchema = z
  .strictObject({
    channels: z.enum(['rgb', 'bgr', 'grey', 'rgba', 'bgra']),
    range: z.union([z.tuple([z.literal(0), z.literal(255)]), z.tuple([z.literal(0), z.literal(1)])]),
    mean: numbers(-1e6),
    std: numbers(1e-6),
    size: z.strictObject({ width: side, height: side }).optional(),
    /** `fill`, `cover` and `contain` are other names of the same three. */
    fit: z.enum(['stretch', 'crop', 'letterbox', 'fill', 'cover', 'contain']).optional(),
    /** Of a crop: what the picture's short side becomes before the middle is cut out. */
    shortSide: side.optional(),
    /** Of a crop: the same as a share, the input's side over the resized short side. 0.875 is 256 for 224. */
    cropShare: z.number().min(0.1).max(1).optional(),
    /** Red, green and blue around a picture that does not fill the input; by default black. */
    background: z.tuple([level, level, level]).optional(),
    /** Of a letterbox. */
    place: z.enum(['centre', 'top-left']).optional(),
    resize: z.enum(['antialias', 'plain']).optional(),
    kernel: z.enum(['nearest', 'linear', 'cubic', 'area']).optional(),
    /** Turn pictures as their EXIF orientation says; by default yes. */
    exif: z.boolean().optional(),
    /** Convert pictures with a colour profile to sRGB; by default no, as training code. */
    icc: z.boolean().optional(),
    /** What transparent pixels lie on; `ignore` leaves the alpha channel out. By default black. */
    alpha: z.enum(['black', 'white', 'ignore']).optional(),
    /** Bits that pictures of 16 bits use; by default the least of these that holds the brightest pixel of each. */
    depth: z.union([z.literal(8), z.literal(10), z.literal(12), z.literal(14), z.literal(16)]).optional(),
  })
  .superRefine((value, context) => {
    for (const [path, message] of contradictions(value)) context.addIssue({ code: 'custom', path: [path], message });
  });

/**
 * How an image becomes a model's input, in this order: decode; grey → 3 channels, or RGB → grey; resize (`fit`, by
 * default `stretch`; `kernel`, by default `linear`; `resize`, by default `antialias`); order of channels; range;
 * (x − mean) / std. `mean` and `std` have one value or one per channel, in the order of `channels` and on the scale of
 * `range`.
 */
export type Preprocess = z.infer<typeof preprocessSchema>;

/** The same as JSON Schema (draft 2020-12): shapes and bounds, not what excludes what. */
export function preprocessJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(preprocessSchema);
}

/** Whether how opaque a pixel is becomes a channel of its own, the fourth. */
export function hasAlpha({ channels }: Pick<Preprocess, 'channels'>): boolean {
  return channels === 'rgba' || channels === 'bgra';
}

/** What is assumed of a model that declares nothing. */
export const DEFAULT_PREPROCESS: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0], std: [1] };

/** Settings that exclude each other, and statistics that no picture of this range can have. */
function contradictions(value: {
  readonly channels: Preprocess['channels'];
  readonly alpha?: unknown;
  readonly range: readonly [number, number];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly fit?: string | undefined;
  readonly shortSide?: number | undefined;
  readonly cropShare?: number | undefined;
  readonly background?: unknown;
  readonly place?: string | undefined;
}): [string, string][] {
  const { range, mean, std, fit, shortSide, cropShare } = value;
  const found: [string, string][] = [];
  const crops = fitOf(fit) === 'crop';
  const boxes = fitOf(fit) === 'letterbox';
  if (shortSide !== undefined && !crops) found.push(['shortSide', 'goes with "fit": "crop"']);
  if (cropShare !== undefined && !crops) found.push(['cropShare', 'goes with "fit": "crop"']);
  if (shortSide !== undefined && cropShare !== undefined) found.push(['cropShare', 'says the same as shortSide']);
  if (value.place !== undefined && !boxes) found.push(['place', 'goes with "fit": "letterbox"']);
  if (value.background !== undefined && !boxes && !crops) {
    found.push(['background', 'goes with "fit": "letterbox" or "crop"']);
  }
  for (const key of ['mean', 'std'] as const) {
    if (value[key].length === 4 && !hasAlpha(value)) found.push([key, `${value.channels} has no fourth channel`]);
  }
  if (value.alpha !== undefined && hasAlpha(value))
    found.push(['alpha', `goes with "rgb", "bgr" or "grey": ${value.channels} keeps it as a channel of its own`]);
  const most = range[1];
  const outside = mean.find((number) => number < 0 || number > most);
  if (outside !== undefined) {
    found.push(['mean', `${outside} is no mean of pixels from 0 to ${most}; it is on the scale of "range"`]);
  }
  const wide = std.find((number) => number > Math.max(1, most));
  if (wide !== undefined) {
    found.push(['std', `${wide} is no spread of pixels from 0 to ${most}; it is on the scale of "range"`]);
  }
  if (most === 255 && mean.some((number) => number > 0 && number < 1) && std.every((number) => number < 1)) {
    found.push(['mean', 'mean and std are of pixels from 0 to 1, "range" is [0, 255]']);
  }
  return found;
}

/**
 * FILE.preprocess.json as a value, checked. `preset` stands for all settings of that name; what else is written takes
 * their place. Throws PREPROCESS_INVALID with every mistake.
 */
export function validatePreprocess(json: unknown, where = 'preprocess'): Preprocess {
  const result = preprocessSchema.safeParse(withPreset(json, where));
  if (result.success) return result.data;
  const list = result.error.issues.map(({ path, message }) =>
    [path.map(String).join('.'), message].filter(Boolean).join(': '),
  );
  throw new Failure('PREPROCESS_INVALID', list.join('; '), {
    where,
    fix: '{ "channels": "rgb" | "bgr" | "grey" | "rgba" | "bgra", "range": [0, 255] | [0, 1], "mean": [...], "std": [...] }',
  });
}

/** Without `preset`, the value itself. Another fit takes what belonged to the preset's fit away. */
function withPreset(json: unknown, where: string): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || !('preset' in json)) return json;
  const { preset, ...own } = json as { preset: unknown; [key: string]: unknown };
  const name = PRESET_NAMES.find((known) => known === preset);
  if (name === undefined) {
    const asked = typeof preset === 'string' ? `"${preset.slice(0, 60)}"` : typeof preset;
    throw new Failure('PREPROCESS_INVALID', `preset: ${asked} is none`, {
      where,
      fix: `one of ${PRESET_NAMES.join(', ')}`,
    });
  }
  const base: { [K in keyof Preprocess]?: unknown } = { ...PRESETS[name satisfies PresetName] };
  if ('fit' in own && fitOf(own.fit) !== fitOf(base.fit))
    for (const key of ['cropShare', 'place', 'background'] as const) delete base[key];
  if ('shortSide' in own) delete base.cropShare;
  return { ...base, ...own };
}

/**
 * The same for a network whose file takes bytes: numbers from 0 to 255, as they are. A range alone says no more than that nothing is
 * subtracted or divided, so [0, 1] is taken as [0, 255]. Throws PREPROCESS_INVALID for a mean or a spread: a byte holds no such number.
 */
export function preprocessBytes(preprocess: Preprocess, where = 'preprocess'): Preprocess {
  const key = preprocess.mean.some((number) => number !== 0)
    ? 'mean'
    : preprocess.std.some((number) => number !== 1)
      ? 'std'
      : undefined;
  if (key !== undefined) {
    throw new Failure(
      'PREPROCESS_INVALID',
      `${key}: the model takes bytes, which nothing is subtracted from or divided by`,
      {
        where,
        fix: 'declare range [0, 255], mean [0] and std [1], or give a model that takes FLOAT',
      },
    );
  }
  return { ...preprocess, range: [0, 255] };
}

/** The default for a model with `channels` input channels, and a warning that says what it is. */
export function defaultPreprocess(channels: number): { preprocess: Preprocess; note: string } {
  const preprocess: Preprocess = {
    ...DEFAULT_PREPROCESS,
    channels: channels === 1 ? 'grey' : channels === 4 ? 'rgba' : 'rgb',
  };
  const note =
    `the model declares no preprocessing: assuming channels ${preprocess.channels}, range [0, 1], no mean and std; ` +
    'write FILE.preprocess.json beside the model if that is wrong';
  return { preprocess, note };
}
