import type { Preprocess } from '@kneepoint/datasets';
import { DataType, floatTensor, GraphBuilder, type ModelProto, seededRandom } from '@kneepoint/onnx';
import type { TaskSpec } from '@kneepoint/regression';
import { describeModel, networkEntries } from '@kneepoint/workflow';

/** One task of each type. */
export const TASKS = {
  hat: { name: 'hat', type: 'binary', classes: ['no', 'yes'], targets: ['hat'] },
  mood: { name: 'mood', type: 'categorical', classes: ['happy', 'calm', 'sad'], targets: ['happy', 'calm', 'sad'] },
  things: { name: 'things', type: 'multilabel', classes: ['tie', 'scarf'], targets: ['tie', 'scarf'] },
  pose: {
    ...{ name: 'pose', type: 'ordered', targets: ['yaw', 'pitch'] },
    bins: [
      [-15.1, 14.9],
      [-10.3, 0.7, 9.8],
    ],
  },
  age: { name: 'age', type: 'continuous', unit: 'years', targets: ['age'] },
} as const satisfies Readonly<Record<string, TaskSpec>>;

/** No float32 has one of these. */
const THRESHOLDS: Readonly<Record<string, readonly number[]>> = { hat: [0.3], things: [-0.7, 0.1] };

export interface NetworkOptions {
  readonly tasks: readonly TaskSpec[];
  readonly thresholds?: readonly (readonly number[])[];
  readonly trained?: boolean;
  readonly preprocess?: Preprocess;
  readonly batch?: number | string;
  readonly size?: { readonly height: number; readonly width: number };
  readonly input?: string;
  readonly seed?: number;
  readonly opset?: number;
  /** Half precision at the input and output, or bytes with the channels last. */
  readonly form?: 'half' | 'bytes';
}

/** A network from images to the scores of tasks, described as a training leaves it. */
export function describedNetwork({
  tasks,
  thresholds = tasks.map(({ name }) => THRESHOLDS[name] ?? []),
  trained = true,
  preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] },
  batch = 'N',
  size = { height: 12, width: 10 },
  input = 'image',
  seed = 1,
  opset = 18,
  form,
}: NetworkOptions): ModelProto {
  const random = seededRandom(seed);
  const drawn = (dims: readonly number[], scale: number) =>
    floatTensor(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    );
  const channels = preprocess.channels === 'grey' ? 1 : preprocess.channels.endsWith('a') ? 4 : 3;
  const net = new GraphBuilder({ opset });
  const dims = [
    batch,
    ...(form === 'bytes' ? [size.height, size.width, channels] : [channels, size.height, size.width]),
  ];
  const fed = net.input(
    input,
    dims,
    form === 'half' ? DataType.FLOAT16 : form === 'bytes' ? DataType.UINT8 : DataType.FLOAT,
  );
  const wide = form === undefined ? fed : net.node('Cast', [fed], { to: DataType.FLOAT });
  const x = form === 'bytes' ? net.node('Transpose', [wide], { perm: [0, 3, 1, 2] }) : wide;
  const width = tasks.reduce((sum, { targets }) => sum + targets.length, 0);
  // Where in the picture something is counts, so that pictures are answered differently.
  const side = (length: number): number => Math.floor((length - 3) / 3) + 1;
  const read = 8 * side(size.height) * side(size.width);
  const features = net.flatten(net.relu(net.conv(x, drawn([8, channels, 3, 3], 0.4), { stride: 3 })));
  const scale = tasks.some(({ type }) => type === 'ordered' || type === 'continuous') ? 12 : 2;
  const name = tasks.length === 1 ? tasks[0]!.name : 'answers';
  const scores = net.node(
    'Gemm',
    [
      features,
      net.init(drawn([width, read], scale / Math.sqrt(read)), 'head.weight'),
      net.init(drawn([width], 1), 'head.bias'),
    ],
    { transB: 1 },
    form === 'half' ? 'wide' : name === input ? `${name}_scores` : name,
  );
  const half = form === 'half';
  const given = half ? net.node('Cast', [scores], { to: DataType.FLOAT16 }, name) : scores;
  net.output(given, [batch, width], half ? DataType.FLOAT16 : DataType.FLOAT);
  return describeModel(net.build(), {
    ...networkEntries({
      ...{ tasks, preprocess, thresholds, dataset: 'd'.repeat(64) },
      metrics: tasks.map((task) => ({ task: task.name, metric: 'accuracy', test: 0.5 })),
    }),
    ...(trained ? { 'kneepoint.training': { mode: 'finetune' } } : {}),
  });
}
