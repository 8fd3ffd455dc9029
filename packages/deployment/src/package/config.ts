import { dataTypeName, dimsOf, Graph, inputFeeds, isFree, type ModelProto, type ValueInfoProto } from '@kneepoint/onnx';
import { KINDS, metricOf, type TaskSpec } from '@kneepoint/regression';
import type { AnswerKind } from '@kneepoint/workflow';
import { type ImageInput, imageInput } from '../network/image-input.ts';
import { networkFacts, type NetworkFacts } from '../network/network-facts.ts';

export const CONFIG_FORMAT = 'kneepoint.deployment/1';

/** An input or output as the file declares it; null where a length is free. */
export interface Declared {
  readonly name: string;
  /** As ONNX Runtime and numpy call it: float32, int64, … */
  readonly type: string;
  readonly dims: readonly (number | null)[];
}

/** One task, and which numbers of which output are its answer. */
export interface ConfigTask {
  readonly name: string;
  readonly type: TaskSpec['type'];
  /** Names of classes, labels or bins by their numbers; null for values. */
  readonly classes: readonly string[] | null;
  readonly bins: readonly (readonly number[])[] | null;
  readonly unit: string | null;
  /** Per number, in the output's own scale: at or above it the answer is yes. Empty where none decides. */
  readonly thresholds: readonly number[];
  /** Of a table of labels: one for a class or a value, one for each label or each value that is binned. */
  readonly columns: readonly string[];
  readonly output: string;
  readonly from: number;
  readonly to: number;
  readonly gives: 'score' | 'probability' | 'label' | 'value';
  readonly metric: string;
}

/** What whoever serves the file must know, as config.json says it. */
export interface DeploymentConfig {
  readonly format: typeof CONFIG_FORMAT;
  readonly name: string;
  readonly answers: AnswerKind;
  readonly input: ImageInput;
  /** Nothing reads them, and still they must be fed: with zeros of so many elements. */
  readonly otherInputs: readonly { readonly name: string; readonly type: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly Declared[];
  readonly tasks: readonly ConfigTask[];
}

/** By the file alone. Throws DEPLOYMENT_UNDESCRIBED, MODEL_INPUT_*, PREPROCESS_*. */
export function configOf(model: ModelProto, name: string): DeploymentConfig {
  const facts = networkFacts(model);
  const input = imageInput(model, facts.preprocess);
  const graph = new Graph(model);
  const { height, width } = input;
  const feeds = inputFeeds(model, { batch: input.batch ?? 1, size: { height, width } });
  return {
    ...{ format: CONFIG_FORMAT, name, answers: facts.answers?.kind ?? 'raw', input },
    otherInputs: feeds
      .filter((feed) => feed.name !== input.name)
      .map((feed) => ({ name: feed.name, type: typeName(feed.type), dims: feed.dims })),
    outputs: graph.outputs.map(declared),
    tasks: tasksOf(facts, graph.outputs[0]!.name),
  };
}

function tasksOf({ tasks, thresholds, answers }: NetworkFacts, output: string): readonly ConfigTask[] {
  let at = 0;
  return tasks.map((task, i): ConfigTask => {
    const own = answers?.outputs[i];
    const from = own ? 0 : at;
    const to = from + (own?.columns ?? task.targets.length);
    at = to;
    const value = task.type === 'continuous' || task.type === 'ordered';
    return {
      ...{ name: task.name, type: task.type, unit: task.unit ?? null },
      classes: KINDS[task.type].classNames(task) ?? null,
      bins: task.bins ?? null,
      thresholds: thresholds[i]!,
      columns: columnsOf(task),
      ...{ output: own?.name ?? output, from, to },
      gives: own?.gives ?? (value ? 'value' : 'score'),
      metric: metricOf(task).name,
    };
  });
}

function columnsOf({ name, type, targets }: TaskSpec): readonly string[] {
  const several = type === 'multilabel' || (type === 'ordered' && targets.length > 1);
  return several ? targets.map((target) => `${name}/${target}`) : [name];
}

function declared(value: ValueInfoProto): Declared {
  const type = value.type?.value;
  return {
    name: value.name,
    type: typeName(type?.case === 'tensorType' ? type.value.elemType : 0),
    dims: dimsOf(value).map((dim) => (isFree(dim) ? null : (dim as number))),
  };
}

const SHORT: Readonly<Record<string, string>> = { FLOAT: 'float32', DOUBLE: 'float64' };

function typeName(type: number): string {
  const name = dataTypeName(type);
  return SHORT[name] ?? name.toLowerCase();
}
