import type { Check, Config, Finding } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import { multipleOf } from '@kneepoint/workflow';
import { WIDTHS, widthStep } from './width-step.ts';
import type { WidthTimes } from './widths.task.ts';

const TASK = new URL('./widths.task.ts', import.meta.url);
const TIMEOUT_MS = 25_000;

/** Which multiples of channels run fast here, on the provider that is set. */
export function checkWidths({ provider, memoryMb }: Pick<Config, 'provider' | 'memoryMb'>): Check {
  return async () =>
    judgeWidths(await runTask<null, WidthTimes>(TASK, null, { provider, memoryMb, timeoutMs: TIMEOUT_MS }));
}

/** The multiple that was measured beside the one that cuts keep where nothing is said. */
export function judgeWidths({ provider, times }: WidthTimes): Omit<Finding, 'name'> {
  const { step, worst } = widthStep(times);
  const usual = multipleOf({ options: {}, provider });
  const multiples = step === 1 ? 'any number of channels' : `multiples of ${step}`;
  const detail = `${multiples} on ${provider} (${worst.width} channels take ${worst.ratio.toFixed(1)} × as long as ${WIDTHS.at(-1)})`;
  if (step === usual) return { state: 'ok', detail };
  if (step < usual) {
    return {
      state: 'ok',
      detail,
      fix: `cuts keep multiples of ${usual}; --round-to ${step} takes more for the same time`,
    };
  }
  const kept = usual === 1 ? 'cuts keep any number' : `cuts keep multiples of ${usual}`;
  return { state: 'warning', detail, fix: `${kept} where nothing is said: cut with --round-to ${step}` };
}
