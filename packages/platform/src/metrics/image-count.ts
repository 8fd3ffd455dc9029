import type { ProgressReport } from '../work/progress-meter.ts';
import { images } from './metrics.ts';

/** Counts the images that an attempt goes through, from what its handler reports. */
export class ImageCount {
  readonly #labels: { readonly service: string; readonly kind: string };
  /** Undefined: what the next report says was done before. */
  #counted: number | undefined = 0;

  constructor({ service, kind }: { service: string; kind: string }) {
    this.#labels = { service, kind };
  }

  /** The attempt goes on from a checkpoint, so its first report tells of work that others have counted. */
  resume(): void {
    this.#counted = undefined;
  }

  see({ done, unit }: ProgressReport): void {
    if (unit !== 'images' || !Number.isFinite(done)) return;
    // a count that falls begins anew, such as the second of two passes
    if (this.#counted !== undefined && done > this.#counted) images.inc(this.#labels, done - this.#counted);
    this.#counted = done;
  }
}
