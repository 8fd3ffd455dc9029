import { type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { type TaskSpec, validateTaskSpec } from '@kneepoint/regression';
import type { AnswerKind } from '@kneepoint/workflow';

/** One output of a network whose answers were put into the graph. */
export interface AnswerOutput {
  readonly name: string;
  readonly task: string;
  readonly gives: 'probability' | 'label' | 'value';
  /** Numbers for each image. */
  readonly columns: number;
  /** By which labels were decided, in the scores' own scale; absent where none decide. */
  readonly thresholds?: readonly number[];
}

/** What stands under `kneepoint.answers` in a written file. */
export interface AnswersEntry {
  readonly kind: Exclude<AnswerKind, 'raw'>;
  readonly outputs: readonly AnswerOutput[];
}

/** What a written network says of itself, as far as its answers can be read by it. */
export interface NetworkFacts {
  readonly tasks: readonly TaskSpec[];
  /** Of each task, in the network's outputs; empty where none decides. */
  readonly thresholds: readonly (readonly number[])[];
  readonly preprocess: Preprocess;
  /** Whether scores of classes are logits: the network was trained. Otherwise they are those of least squares, near 0 and 1. */
  readonly logits: boolean;
  /** Absent where the network gives its scores. */
  readonly answers?: AnswersEntry;
  /** SHA-256 of the data set that it was made with. */
  readonly dataset?: string;
}

export const ANSWERS_ENTRY = 'kneepoint.answers';

/** What a file says of its tasks. Throws DEPLOYMENT_UNDESCRIBED where it says nothing, or nothing that can be read. */
export function networkFacts({ metadataProps }: ModelProto): NetworkFacts {
  const entries = new Map(metadataProps.map(({ key, value }) => [key, value]));
  const said = (key: string): unknown => {
    const text = entries.get(`kneepoint.${key}`);
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch (error) {
      throw undescribed(`kneepoint.${key} is no JSON`, error);
    }
  };
  const single = said('task');
  const several = said('tasks');
  const listed = single === undefined ? several : [single];
  if (!Array.isArray(listed) || listed.length === 0) throw undescribed('the file does not say what it is for');
  const tasks = listed.map(validateTaskSpec);
  const thresholds = single === undefined ? said('thresholds') : [said('thresholds')];
  const dataset = (said('dataset') as { readonly sha256?: unknown } | undefined)?.sha256;
  const answers = said('answers') as AnswersEntry | undefined;
  return {
    tasks,
    thresholds: tasks.map((_, i) => numbers(Array.isArray(thresholds) ? (thresholds[i] as unknown) : undefined)),
    preprocess: validatePreprocess(said('preprocess'), 'kneepoint.preprocess'),
    logits: entries.has('kneepoint.training'),
    ...(answers === undefined ? {} : { answers }),
    ...(typeof dataset === 'string' ? { dataset } : {}),
  };
}

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : [];
}

function undescribed(message: string, cause?: unknown): Failure {
  return new Failure('DEPLOYMENT_UNDESCRIBED', message, {
    where: 'metadata of the file',
    fix: 'Use a network that compress, prune, train or finetune wrote.',
    cause,
  });
}
