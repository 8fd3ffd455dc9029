import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  readResults,
  type ServiceParts,
  type StepContext,
  type StepHandler,
  withTemporaryFolder,
} from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import {
  type FinetuneOutput,
  type MeasuredResult,
  type PruneOutput,
  type QuantizeOutput,
  publicRunId,
  type ReportInput,
  type ReportOutput,
  type RoundHistory,
} from '@kneepoint/workflow';
import {
  assembleReport,
  ORIGINAL,
  QUANTIZED_ARM,
  REFIT,
  type RivalNetwork,
  type TrainedNetwork,
} from './assemble-report.ts';
import type { MeasuredNetwork, MeasureTaskInput, MeasureTaskOutput } from './measure.task.ts';

const TASK = new URL('./measure.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;
const RUNS = 30;

/** Finds the pruning and the trainings by their keys, times all networks in a child process, stores one report. */
export function report({ config }: ServiceParts): StepHandler {
  return ({ input, run, signal, progress, store, db }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const job = input as ReportInput;
      const { pruning, trained, quantized, rivals, rounds } = await findOutputs(job, db);
      const networks = await Promise.all(
        [
          { name: ORIGINAL, modelSha256: job.originalSha256 },
          { name: REFIT, ...pruning },
          ...trained.map(({ arm, output }) => ({ name: arm, ...output })),
          ...(quantized ? [{ name: QUANTIZED_ARM, ...quantized }] : []),
        ].map(async ({ name, modelSha256, declaredSha256 }: Named): Promise<MeasuredNetwork> => ({
          name,
          path: await store.localPath(modelSha256),
          ...(declaredSha256 === undefined ? {} : { declaredPath: await store.localPath(declaredSha256) }),
        })),
      );
      const finetuned = trained.find(({ arm }) => arm === 'finetuned');
      const delivered = quantized ? QUANTIZED_ARM : (finetuned?.arm ?? REFIT);
      const out = join(folder, 'delivered.onnx');
      const measured = await runTask<MeasureTaskInput, MeasureTaskOutput>(
        TASK,
        {
          ...{ networks, batch: 'declared', runs: RUNS, profile: [ORIGINAL, delivered] },
          deliver: {
            ...{
              name: delivered,
              batch: job.batch,
              preprocess: job.preprocess,
              out,
            },
            entries: { 'kneepoint.run': publicRunId(run.id), 'kneepoint.keep': job.keep },
          },
        },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const model = await store.put(out, { mediaType: 'application/octet-stream' });
      // Read from the artifact, whose members are in the order in which they were written.
      const pruned = JSON.parse(Buffer.from(await store.read(pruning.reportSha256)).toString()) as MeasuredResult;
      const { networks: figures, layers, notes, ...where } = measured;
      const measurement = { run: publicRunId(run.id), at: new Date().toISOString(), ...where };
      const assembled = assembleReport(
        pruned,
        trained,
        { networks: figures, layers, notes, measured: measurement },
        { quantized, rivals, rounds, keep: job.keep },
      );
      const path = join(folder, 'report.json');
      await writeFile(path, `${JSON.stringify(assembled, null, 2)}\n`);
      const written = await store.put(path, { mediaType: 'application/json' });
      const output: ReportOutput = {
        modelSha256: model.sha256,
        workedSha256: (quantized ?? finetuned?.output ?? pruning).modelSha256,
        reportSha256: written.sha256,
        report: assembled,
      };
      return { output, provider: measured.provider };
    });
}

/** A network of the report, and the artifacts that it is. */
interface Named {
  readonly name: string;
  readonly modelSha256: string;
  readonly declaredSha256?: string;
}

async function findOutputs(
  { pruneKey, arms, quantizeKey, rivals = [], rounds }: ReportInput,
  db: StepContext['db'],
): Promise<{
  readonly pruning: PruneOutput;
  readonly trained: readonly TrainedNetwork[];
  readonly quantized: QuantizeOutput | undefined;
  readonly rivals: readonly RivalNetwork[];
  readonly rounds: RoundHistory | undefined;
}> {
  const keys = [
    pruneKey,
    ...arms.map(({ key }) => key),
    ...(quantizeKey === undefined ? [] : [quantizeKey]),
    ...rivals.flatMap((rival) => [rival.pruneKey, ...(rival.finetuneKey === undefined ? [] : [rival.finetuneKey])]),
    ...(rounds ? [rounds.whole, ...rounds.made.flatMap(({ prune, finetune }) => [prune, finetune])] : []),
  ];
  const results = await readResults(db, keys);
  return {
    pruning: results.of<PruneOutput>(pruneKey),
    trained: arms.map(({ arm, key }) => ({ arm, output: results.of<FinetuneOutput>(key) })),
    quantized: quantizeKey === undefined ? undefined : results.of<QuantizeOutput>(quantizeKey),
    rivals: rivals.map((rival) => ({
      criterion: rival.criterion,
      report: results.of<PruneOutput>(rival.pruneKey).report,
      ...(rival.finetuneKey === undefined ? {} : { finetuned: results.of<FinetuneOutput>(rival.finetuneKey) }),
    })),
    rounds: rounds && {
      whole: results.of<FinetuneOutput>(rounds.whole),
      earlier: rounds.made.map(({ prune, finetune }) => ({
        prune: results.of<PruneOutput>(prune),
        finetune: results.of<FinetuneOutput>(finetune),
      })),
    },
  };
}
