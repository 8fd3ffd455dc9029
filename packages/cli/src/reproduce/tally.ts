import { note } from '../output.ts';
import { duration } from '../render/number.ts';

const STEP = 0.1;

/** Says at each tenth how much of something is done and how long the rest takes, for work that is no run of a gateway. */
export function tally(
  title: string,
  unit: string,
): (progress: { readonly done: number; readonly total: number }) => void {
  const started = performance.now();
  let said = 0;
  return ({ done, total }) => {
    const tenth = Math.floor(done / total / STEP + 1e-9);
    if (tenth <= said) return;
    said = tenth;
    const left = ((performance.now() - started) / 1000 / done) * (total - done);
    note(`${Math.floor((100 * done) / total)} % · ${title} · ${done}/${total} ${unit} · ${duration(left)} left`);
  };
}
