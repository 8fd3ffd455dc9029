import { defaultPreprocess, inputSize, type Preprocess, preprocessBytes } from '@kneepoint/datasets';
import type { ModelInspection } from '@kneepoint/workflow';

/**
 * What was declared, else the default for this many channels, which is then named. A network whose file takes `bytes` gets numbers from
 * 0 to 255 whatever else is declared. Throws PREPROCESS_CHANNELS or PREPROCESS_INVALID when it does not fit the input, now rather than at
 * the first image.
 */
export function choosePreprocess(
  declared: Preprocess | undefined,
  { channels, height, width }: ModelInspection['input'],
  bytes: boolean,
): { readonly preprocess: Preprocess; readonly notes: readonly string[] } {
  const standard = defaultPreprocess(channels);
  const preprocess = declared ?? standard.preprocess;
  if (declared) inputSize([null, channels, height, width], preprocess);
  if (!bytes) return { preprocess, notes: declared ? [] : [standard.note] };
  const whole = 'The file takes bytes, so images are taken as numbers from 0 to 255.';
  return { preprocess: preprocessBytes(preprocess), notes: declared?.range[1] === 255 ? [] : [whole] };
}
