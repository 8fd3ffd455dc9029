import type { EpochRecord } from '@kneepoint/workflow';
import { EpochLines } from '../render/epochs.ts';
import type { GatewayClient } from './gateway-client.ts';
import { type Connection, listOf, nodesOf, PAGE } from './lists.ts';
import { type ArtifactView, follow, RUN_FIELDS, type RunView } from './runs.ts';

export interface TrainingProgress {
  readonly label: string;
  readonly name: string;
  readonly state: string;
  /** Its result was found rather than computed. */
  readonly reused: boolean;
  readonly metricName: string;
  readonly epochsPlanned: number;
  readonly etaSeconds: number | null;
  readonly epochs: readonly EpochRecord[];
}

export interface TrainingView extends TrainingProgress {
  readonly mode: string;
  readonly tasks: readonly string[];
  readonly bestEpoch: number | null;
  readonly metric: number | null;
  readonly stoppedEarly: boolean | null;
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  readonly provider: string | null;
  readonly notes: readonly string[];
  readonly results: readonly {
    readonly task: string;
    readonly metric: string;
    readonly higherIsBetter: boolean;
    readonly validation: number;
    readonly test: number;
    readonly chance: number;
    readonly thresholds: readonly number[];
  }[];
  readonly model: ArtifactView | null;
}

const EPOCH = 'epochs { epoch loss validationLoss metric learningRate imagesPerSecond seconds }';
const PROGRESS_FIELDS = `label name state reused metricName epochsPlanned etaSeconds ${EPOCH}`;
const TRAINING_FIELDS = `${PROGRESS_FIELDS} mode tasks bestEpoch metric stoppedEarly seconds imagesPerSecond provider notes
  results { task metric higherIsBetter validation test chance thresholds } model { sha256 bytes downloadUrl }`;

/** Shows a run's progress, and a line for each epoch of its trainings as it ends, until the run has succeeded. */
export function followTrainings(
  client: GatewayClient,
  run: RunView,
  title: string,
  signal: AbortSignal,
): Promise<RunView> {
  const lines = new EpochLines();
  type Watched = RunView & { readonly trainings: Pick<Connection<TrainingProgress>, 'edges'> };
  return follow<Watched>(client, run, title, signal, {
    fields: `${RUN_FIELDS} trainings(first: ${PAGE}) { edges { node { ${PROGRESS_FIELDS} } } }`,
    onState: ({ trainings }, bar) => lines.of(nodesOf(trainings)).forEach((line) => bar.line(line)),
  });
}

export function trainingsOf(client: GatewayClient, id: string): Promise<readonly TrainingView[]> {
  return listOf(client, id, { field: 'trainings', fields: TRAINING_FIELDS });
}
