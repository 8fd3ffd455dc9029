import { createRequire } from 'node:module';
import { DataType, GraphBuilder } from '@kneepoint/onnx';
import { type ActualProvider, openSession, resolveProvider, type TaskContext } from '@kneepoint/runtime';

export interface RuntimeState {
  readonly version: string;
  readonly provider: ActualProvider;
  /** Whether a network of one Relu gave what it should. */
  readonly right: boolean;
}

/** Loads ONNX Runtime and runs a network of one operator, in a process that may die of it. */
export default async function tryRuntime(_input: null, context: TaskContext): Promise<RuntimeState> {
  const provider = await resolveProvider(context.provider);
  const net = new GraphBuilder();
  net.output(net.relu(net.input('x', [2], DataType.FLOAT)), [2]);
  const session = await openSession(net.build(), { provider });
  const [y] = Object.values(await session.run({ x: { dims: [2], data: Float32Array.of(-1, 2) } }));
  await session.release();
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { version, provider, right: y !== undefined && String(y.data) === '0,2' };
}
