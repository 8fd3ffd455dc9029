import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { encodeModel } from '@kneepoint/onnx';
import { keepPadding } from './keep-padding.ts';
import { loadOrt } from './ort.ts';
import { ortFailure } from './ort-failure.ts';
import type { ActualProvider, Provider } from './provider.ts';
import { resolveProvider } from './provider.ts';
import type { Session } from './session.ts';
import { OrtSession } from './session.ts';
import { usableCores } from './usable-cores.ts';

/** How far ONNX Runtime may rewrite the graph before running it. */
export type Optimization = 'disabled' | 'basic' | 'extended' | 'all';

export interface SessionOptions {
  /** Default cpu. */
  readonly provider?: Provider;
  /** Threads within an operator. Default: one per physical core, and no more than a container may use. */
  readonly threads?: number;
  /** Default all. */
  readonly optimization?: Optimization;
  /** Keeps memory between runs for the next one. Default true; false gives the lowest peak for a single run. */
  readonly arena?: boolean;
  /** Path and beginning of the name of a file in which ONNX Runtime, as the session is released, tells what each operator took. */
  readonly profile?: string;
}

/**
 * Loads a model into ONNX Runtime, for use in a task's process only: `run` blocks the thread, and a hostile model can take the
 * process down. Bytes and files must be self-contained, as `readModelFile` and `encodeModel` leave them, because ONNX Runtime
 * itself follows external data wherever it points. Throws RUNTIME_PROVIDER_UNAVAILABLE, RUNTIME_MODEL_REFUSED, RUNTIME_MEMORY_LIMIT.
 */
export async function openSession(
  model: ModelProto | Uint8Array | string,
  { provider = 'cpu', threads = limitedThreads(), optimization = 'all', arena = true, profile }: SessionOptions = {},
): Promise<Session> {
  const actual = await resolveProvider(provider);
  const options: InferenceSession.SessionOptions = {
    executionProviders: [actual],
    graphOptimizationLevel: optimization,
    enableCpuMemArena: arena,
    enableMemPattern: arena,
    logSeverityLevel: 3,
    // Left to itself a session's threads wait for its next run in a busy loop, for tens of milliseconds: cores that whoever decodes
    // images, or another session timed beside this one, has to do without.
    extra: { session: { force_spinning_stop: '1' } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  };
  const { session, hidden } = await load(model, options, actual);
  return new OrtSession(session, actual, await loadOrt(), hidden);
}

/**
 * Undefined where nothing limits this process: ONNX Runtime knows best how many threads a whole machine is good for. Left to itself it
 * also pins a thread to every core of the machine, those that this process was kept off included.
 */
function limitedThreads(): number | undefined {
  const cores = usableCores();
  return cores < cpus().length ? cores : undefined;
}

async function load(
  model: ModelProto | Uint8Array | string,
  options: InferenceSession.SessionOptions,
  provider: ActualProvider,
): Promise<{ readonly session: InferenceSession; readonly hidden: ReadonlySet<string> }> {
  const { InferenceSession: Ort } = await loadOrt();
  const given =
    model instanceof Uint8Array ? model : typeof model === 'string' ? await bytesOf(model) : encodeModel(model);
  const optimized = options.graphOptimizationLevel !== 'disabled';
  const { bytes, added: hidden } = optimized ? keepPadding(given) : { bytes: given, added: new Set<string>() };
  if (bytes.length === 0) throw new Failure('RUNTIME_MODEL_REFUSED', 'the model is empty');
  try {
    return { session: await Ort.create(bytes, options), hidden };
  } catch (error) {
    throw ortFailure('RUNTIME_MODEL_REFUSED', error, `provider ${provider}`);
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure('RUNTIME_MODEL_REFUSED', `${path} cannot be read: ${(error as Error).message}`, { where: path });
  });
}
