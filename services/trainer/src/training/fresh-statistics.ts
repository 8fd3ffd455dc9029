import { type StatisticsGraph, statisticsGraph, type ForwardRequest } from '@kneepoint/autodiff';
import { elementCount } from '@kneepoint/onnx';
import { type Dense, openSession, type Session } from '@kneepoint/runtime';
import type { TrainingSettings } from '@kneepoint/workflow';
import type { Subject } from '../network/subject.ts';
import { rowLength } from '../rows/row-source.ts';
import type { Weights } from './averages.ts';
import type { JudgeRequest } from './judge-weights.ts';
import { epochOrder, stepNoise } from './order.ts';

/** Batches whose statistics are taken: more would cost as much as training does where there are few images. */
const BATCHES = 4;

/**
 * Running statistics for weights that no batch has trained: averages of the statistics that were seen on the way lag behind where
 * weights move fast, and belong to other weights. Taken from the same training images each time, as they are.
 */
export class FreshStatistics {
  readonly #graph: StatisticsGraph;
  readonly #session: Session;
  readonly #source: Subject['source'];
  readonly #batches: readonly Int32Array[];
  readonly #seed: number;

  private constructor(
    graph: StatisticsGraph,
    session: Session,
    source: Subject['source'],
    batches: readonly Int32Array[],
    seed: number,
  ) {
    this.#graph = graph;
    this.#session = session;
    this.#source = source;
    this.#batches = batches;
    this.#seed = seed;
  }

  /** Undefined where no normalisation goes by its batch. */
  static async open(
    request: ForwardRequest,
    batch: number,
    {
      subject,
      parts,
      settings,
      context,
    }: Pick<JudgeRequest, 'subject' | 'parts' | 'context'> & {
      readonly settings: Pick<TrainingSettings, 'seed'>;
    },
  ): Promise<FreshStatistics | undefined> {
    const { batchNorm } = request;
    const none = typeof batchNorm === 'object' && batchNorm.size === 0;
    if (batchNorm === 'frozen' || none) return undefined;
    const graph = statisticsGraph(request);
    if (graph.statistics.size === 0) return undefined;
    const order = epochOrder(parts.train, settings.seed, 0);
    const count = Math.min(BATCHES, Math.ceil(order.length / batch));
    const batches = Array.from({ length: count }, (_, index) =>
      Int32Array.from({ length: batch }, (__, i) => order[(index * batch + i) % order.length]!),
    );
    const session = await openSession(graph.model, { provider: context.provider });
    return new FreshStatistics(graph, session, subject.source, batches, settings.seed);
  }

  /** The weights with statistics of their own. */
  async of(weights: Weights): Promise<Weights> {
    const { statistics } = this.#graph;
    const seen = new Map([...statistics.keys()].map((name) => [name, [] as Float32Array[]]));
    const given = Object.fromEntries(
      this.#graph.weights.map(({ name, input, dims }): [string, Dense] => [input, { data: weights.get(name)!, dims }]),
    );
    for (const [index, rows] of this.#batches.entries()) {
      const results = await this.#session.run({ ...given, ...(await this.#feeds(rows, index)) }, [
        ...statistics.values(),
      ]);
      for (const [name, output] of statistics) seen.get(name)!.push(results[output]!.data as Float32Array);
    }
    return new Map([...weights, ...[...seen].map(([name, values]) => [name, mean(values)] as const)]);
  }

  async #feeds(rows: Int32Array, index: number): Promise<Record<string, Dense>> {
    const { image, noise } = this.#graph;
    const data = new Float32Array(rows.length * rowLength(this.#source));
    await this.#source.fill(rows, null, data);
    const drawn = [...noise].map(([name, dims], i): [string, Dense] => [
      name,
      { data: stepNoise(elementCount(dims), this.#seed, index, i), dims },
    ]);
    return { [image]: { data, dims: [rows.length, ...this.#source.dims] }, ...Object.fromEntries(drawn) };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Of equally many values each. */
function mean(values: readonly Float32Array[]): Float32Array {
  return Float32Array.from(values[0]!, (_, k) => values.reduce((sum, own) => sum + own[k]!, 0) / values.length);
}
