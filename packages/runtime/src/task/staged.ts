import type { TaskProgress } from './messages.ts';

/**
 * Adds to what a task tells of itself its share of the whole task. A report in `stages` says which stage begins, and, where stages take
 * unequally long, up to which count it goes (`until`; else the next); what is counted after it is a share of that stage. Without stages it is
 * what was done of the total. It never falls: a stage that is begun again is behind until it comes to where it was.
 */
export function staged(): (update: TaskProgress) => TaskProgress {
  let from = 0;
  let to = 1;
  let told = 0;
  return (update) => {
    const { done, total, unit, until = done + 1 } = update;
    const isStage = unit === 'stages';
    if (isStage && total > 0) [from, to] = [done / total, Math.min(1, until / total)];
    const within = isStage || !(total > 0) ? 0 : Math.min(1, Math.max(0, done / total));
    const share = from + (to - from) * within;
    if (Number.isFinite(share)) told = Math.max(told, Math.min(1, share));
    return { ...update, share: told };
  };
}
