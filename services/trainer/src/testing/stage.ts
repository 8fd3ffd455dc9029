import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packDataset, type PackedDataset, renderFaces } from '@kneepoint/datasets';
import { decodeModel, encodeModel, type ModelProto, vggStyle } from '@kneepoint/onnx';
import type { TaskSpec } from '@kneepoint/regression';
import { type EventHandler, runTask, type TaskProgress } from '@kneepoint/runtime';
import { type FinetuneInput, type TrainingChoice, type TrainingMode, trainingSettings } from '@kneepoint/workflow';
import type { NetworkFile } from '../network/open-network.ts';
import type { FinetuneTaskInput, FinetuneTaskOutput } from '../tasks/finetune.task.ts';
import type { TeachTaskInput, TeachTaskOutput } from '../tasks/teach.task.ts';
import { ANSWERS, TRAINED } from '../trained-file.ts';

const TASK = new URL('../tasks/finetune.task.ts', import.meta.url);
const TEACH = new URL('../tasks/teach.task.ts', import.meta.url);

export interface Training {
  readonly mode: TrainingMode;
  readonly tasks: readonly string[];
  readonly settings?: TrainingChoice;
  readonly network?: NetworkFile;
  readonly answersPath?: string;
  readonly distill?: FinetuneInput['distill'];
  readonly resumePath?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: EventHandler;
  readonly onProgress?: (update: TaskProgress) => void;
}

export interface Trained extends FinetuneTaskOutput {
  readonly model: ModelProto;
  readonly bytes: Buffer;
}

/** Faces of 32 × 32, and a network with batch normalisation that one core trains in a moment. */
export class Stage {
  readonly folder: string;
  readonly archive: string;
  readonly dataset: PackedDataset;
  /** As its maker left it: eight outputs of its own. */
  readonly network: NetworkFile;
  #runs = 0;

  private constructor(folder: string, archive: string, dataset: PackedDataset, network: NetworkFile) {
    this.folder = folder;
    this.archive = archive;
    this.dataset = dataset;
    this.network = network;
  }

  static async open(images = 64): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'kneepoint-trainer-'));
    await renderFaces({ count: images, seed: 1, folder: join(folder, 'faces'), size: 32, persons: 8 });
    const archive = join(folder, 'faces.tar');
    const dataset = await packDataset(join(folder, 'faces'), { out: archive });
    const path = join(folder, 'network.onnx');
    const model = vggStyle({ widths: [8, 'pool', 12, 'pool', 16], size: 32, seed: 1, batchNorm: true });
    await writeFile(path, encodeModel(model));
    return new Stage(folder, archive, dataset, { path, cutAt: null });
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  task(name: string): TaskSpec {
    return this.dataset.tasks.find((task) => task.name === name)!;
  }

  job({ mode, tasks, settings = {}, distill }: Training): FinetuneInput {
    const choice = { epochs: 3, batchSize: 8, patience: null, ...settings };
    return {
      network: { sha256: '0' },
      preprocess: { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] },
      datasetSha256: this.dataset.sha256,
      manifestSha256: '0',
      tasks: tasks.map((name) => this.task(name)),
      mode,
      settings: trainingSettings(mode, choice),
      ...(distill ? { distill } : {}),
      split: { seed: 1 },
      label: 'arm',
      modelName: 'network',
    };
  }

  /** One training in a child process. */
  async train(training: Training): Promise<Trained> {
    const outFolder = await mkdtemp(join(this.folder, `out-${(this.#runs += 1)}-`));
    const { network = this.network, answersPath, resumePath, signal, onEvent, onProgress } = training;
    const output = await runTask<FinetuneTaskInput, FinetuneTaskOutput>(
      TASK,
      {
        job: this.job(training),
        network,
        archivePath: this.archive,
        outFolder,
        ...(answersPath === undefined ? {} : { answersPath }),
        ...(resumePath === undefined ? {} : { resumePath }),
      },
      { timeoutMs: 200_000, signal, onEvent, onProgress },
    );
    const bytes = await readFile(join(outFolder, TRAINED));
    return { ...output, bytes, model: decodeModel(bytes) };
  }

  /** A network's answers to what a training draws. */
  async teach(training: Training, network: NetworkFile): Promise<TeachTaskOutput & { readonly answersPath: string }> {
    const outFolder = await mkdtemp(join(this.folder, `teach-${(this.#runs += 1)}-`));
    const { preprocess, datasetSha256, manifestSha256, tasks, split, settings } = this.job(training);
    const { augment, seed } = settings;
    const job = { network: { sha256: '0' }, preprocess, datasetSha256, manifestSha256, tasks, split, augment, seed };
    const input = { job: { ...job, modelName: 'teacher' }, network, archivePath: this.archive, outFolder };
    const output = await runTask<TeachTaskInput, TeachTaskOutput>(TEACH, input, { timeoutMs: 100_000 });
    return { ...output, answersPath: join(outFolder, ANSWERS) };
  }

  /** A file of this stage. */
  async write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }
}
