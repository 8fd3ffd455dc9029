import { defaultPreprocess, inputSize, type Preprocess, preprocessBytes } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { ModelInspection } from '@kneepoint/workflow';
import type { Exported } from './exported/exported.ts';

export interface PreprocessSources {
  /** What a person said; it must fit. */
  readonly declared?: Preprocess | undefined;
  /** What exporters and hubs wrote down, the nearest first: the first that fits the input counts. */
  readonly exported?: readonly Exported[];
}

/**
 * What was declared, else what an exporter wrote down, else the default for this many channels; which of them it is, is said. A network
 * whose file takes `bytes` gets numbers from 0 to 255 whatever else is said. Throws PREPROCESS_CHANNELS or PREPROCESS_INVALID when what was
 * declared does not fit the input, now rather than at the first image.
 */
export function choosePreprocess(
  { declared, exported = [] }: PreprocessSources,
  { channels, height, width }: Pick<ModelInspection['input'], 'channels' | 'height' | 'width'>,
  bytes: boolean,
): { readonly preprocess: Preprocess; readonly notes: readonly string[] } {
  const shape = [null, channels, height, width];
  const whole = 'The file takes bytes, so images are taken as numbers from 0 to 255.';
  if (declared) {
    inputSize(shape, declared);
    if (!bytes) return { preprocess: declared, notes: [] };
    return { preprocess: preprocessBytes(declared), notes: declared.range[1] === 255 ? [] : [whole] };
  }
  const notes: string[] = [];
  for (const { preprocess, from } of exported) {
    // A file of bytes normalises by itself.
    const own: Preprocess = bytes ? { ...preprocess, range: [0, 255], mean: [0], std: [1] } : preprocess;
    if (!fits(shape, own)) {
      notes.push(`${from} does not fit ${channels} channels and is passed over`);
      continue;
    }
    const { range, mean, std } = own;
    const says = `${own.channels}, range [${range.join(', ')}], mean ${listed(mean)}, std ${listed(std)}`;
    return {
      preprocess: own,
      notes: [...notes, `preprocessing is that of ${from}: ${says}`, ...(bytes ? [whole] : [])],
    };
  }
  const standard = defaultPreprocess(channels);
  if (!bytes) return { preprocess: standard.preprocess, notes: [...notes, standard.note] };
  return { preprocess: preprocessBytes(standard.preprocess), notes: [...notes, whole] };
}

function fits(shape: readonly (number | null)[], preprocess: Preprocess): boolean {
  try {
    inputSize(shape, preprocess);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function listed(values: readonly number[]): string {
  const rounded = values.map((value) => String(Number(value.toPrecision(4))));
  return rounded.length === 1 ? rounded[0]! : `[${rounded.join(', ')}]`;
}
