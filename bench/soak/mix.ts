import {
  LaunchAnalysisDocument,
  LaunchBenchmarkDocument,
  LaunchFinetuneDocument,
  LaunchPruneDocument,
  RegisterDatasetDocument,
  RegisterModelDocument,
} from '@kneepoint/client';
import { join } from 'node:path';
import { packDataset, renderFaces } from '@kneepoint/datasets';
import { encodeModel, vggStyle } from '@kneepoint/onnx';
import type { FaultWorld } from '../../test/faults/world.ts';
import { globalId } from '../../services/gateway/src/domain/ids.ts';

/** What is launched, and what share of the runs it is. Reading results again is cheap, computing starts processes. */
export const SHARES = {
  ANALYSIS: 0.78,
  BENCHMARK: 0.07,
  IMPORT_MODEL: 0.05,
  PRUNE: 0.04,
  FINETUNE: 0.04,
  IMPORT_DATASET: 0.02,
} as const;

export type Kind = keyof typeof SHARES;

const IMAGES = 24;

/** Launches runs of mixed kinds, no two of them alike. */
export class Mix {
  readonly #world: FaultWorld;
  readonly #random: () => number;
  readonly #tasks: readonly string[];
  readonly #asked = new Set<string>();
  #count = 0;

  private constructor(world: FaultWorld, random: () => number, tasks: readonly string[]) {
    this.#world = world;
    this.#random = random;
    this.#tasks = tasks;
  }

  static async open(world: FaultWorld, random: () => number): Promise<Mix> {
    const { tasks } = await world.db.prisma.dataset.findFirstOrThrow();
    return new Mix(
      world,
      random,
      (tasks as { name: string }[]).map(({ name }) => name),
    );
  }

  /** Launches one run; gives its id. */
  launch(): Promise<string> {
    this.#count += 1;
    const kind = this.#kind();
    const { dataset } = this.#world;
    switch (kind) {
      case 'ANALYSIS':
        return this.#analysis();
      case 'BENCHMARK': {
        const runs = this.#count;
        return this.#models().then((models) =>
          this.#world.launch((client) =>
            client.mutate(LaunchBenchmarkDocument, { input: { models: models.slice(0, 2), runs } }),
          ),
        );
      }
      case 'PRUNE': {
        const plan = { task: this.#one(this.#tasks) };
        const input = { model: this.#world.model, dataset, plan, epsilons: [this.#epsilon()] };
        return this.#world.launch((client) => client.mutate(LaunchPruneDocument, { input }));
      }
      case 'FINETUNE': {
        const training = { epochs: 1, batchSize: 8, seed: this.#count };
        const input = { model: this.#world.model, dataset, tasks: ['yaw'], mode: 'SCRATCH' as const, training };
        return this.#world.launch((client) => client.mutate(LaunchFinetuneDocument, { input }));
      }
      case 'IMPORT_MODEL':
        return this.#importModel();
      case 'IMPORT_DATASET':
        return this.#importDataset();
    }
  }

  #kind(): Kind {
    let left = this.#random();
    for (const [kind, share] of Object.entries(SHARES)) {
      left -= share;
      if (left < 0) return kind as Kind;
    }
    return 'ANALYSIS';
  }

  #one<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)]!;
  }

  /** Distinct for each run, and near enough to a usual one. */
  #epsilon(): number {
    return 0.02 + this.#count / 100_000;
  }

  async #models(): Promise<readonly string[]> {
    const rows = await this.#world.db.prisma.model.findMany({ orderBy: { id: 'asc' }, select: { id: true } });
    return rows.map(({ id }) => globalId('Model', id));
  }

  /** A model with a set of tasks that it was not asked for yet. */
  async #analysis(): Promise<string> {
    const models = await this.#models();
    for (;;) {
      const model = this.#one(models);
      const tasks = this.#tasks.filter(() => this.#random() < 0.5);
      const key = `${model} ${tasks.join()}`;
      if (tasks.length === 0 || this.#asked.has(key)) continue;
      this.#asked.add(key);
      const input = { model, dataset: this.#world.dataset, tasks };
      return this.#world.launch((client) => client.mutate(LaunchAnalysisDocument, { input }));
    }
  }

  async #importModel(): Promise<string> {
    const seed = this.#count;
    const bytes = encodeModel(vggStyle({ widths: [4, 'pool', 6], size: 32, seed, batchNorm: true }));
    const { sha256 } = await this.#world.store.put(bytes);
    const preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] };
    return this.#world.launch((client) =>
      client.mutate(RegisterModelDocument, { input: { name: `m${seed}`, upload: sha256, preprocess } }),
    );
  }

  async #importDataset(): Promise<string> {
    const seed = this.#count;
    const folder = join(this.#world.folder, `faces-${seed}`);
    await renderFaces({ folder, count: IMAGES, seed, size: 32 });
    const out = `${folder}.tar`;
    await packDataset(folder, { out });
    const { sha256 } = await this.#world.store.put(out);
    return this.#world.launch((client) =>
      client.mutate(RegisterDatasetDocument, { input: { name: `d${seed}`, upload: sha256 } }),
    );
  }
}
