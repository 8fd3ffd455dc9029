import type { LabelledTask } from '../task/spec.ts';

/** A task of every type whose labels follow one signal (one value per row). */
export function tasksOf(
  signal: Float64Array,
): Record<'yaw' | 'gender' | 'age' | 'pose' | 'hair' | 'mood', LabelledTask> {
  const sorted = signal.slice().sort();
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const [low, middle, high] = [quantile(1 / 3), quantile(0.5), quantile(2 / 3)];
  const mood = (value: number) => (value < low ? 0 : value < high ? 1 : 2);
  const columns = (count: number, of: (value: number, k: number) => number) =>
    Float64Array.from({ length: signal.length * count }, (_, i) =>
      of(signal[Math.floor(i / count)] as number, i % count),
    );
  return {
    yaw: { spec: { name: 'yaw', type: 'continuous', unit: 'degrees', targets: ['yaw'] }, labels: signal.slice() },
    gender: {
      spec: { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] },
      labels: columns(1, (value) => (value > middle ? 1 : 0)),
    },
    age: { spec: { name: 'age', type: 'ordered', bins: [[low, high]], targets: ['age'] }, labels: signal.slice() },
    pose: {
      spec: { name: 'pose', type: 'ordered', bins: [[low, high], [-middle]], targets: ['yaw', 'pitch'] },
      labels: columns(2, (value, k) => (k === 0 ? value : -value)),
    },
    hair: {
      spec: { name: 'hair', type: 'multilabel', classes: ['goatee', 'beard'], targets: ['goatee', 'beard'] },
      labels: columns(2, (value, k) => (value > (k === 0 ? low : high) ? 1 : 0)),
    },
    mood: {
      spec: { name: 'mood', type: 'categorical', classes: ['sad', 'even', 'happy'], targets: ['sad', 'even', 'happy'] },
      labels: columns(3, (value, k) => (mood(value) === k ? 1 : 0)),
    },
  };
}
