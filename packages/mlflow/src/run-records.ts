import type { EpochRecord, NetworkFigures, Report, ReportArm, ReportResult } from '@kneepoint/workflow';

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** What MLflow keeps of a run, beside its files. */
export interface RunRecords {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly params: readonly Entry[];
  readonly metrics: readonly Metric[];
  readonly tags: readonly Entry[];
}

/** MLflow takes so much of a value of a parameter, and of a tag. */
const LONGEST_PARAM = 6_000;
const LONGEST_TAG = 5_000;
const LONGEST_KEY = 250;
/** What may not stand in MLflow's keys: Python's `\w` has the letters and digits of all scripts. */
const FOREIGN = /[^\p{L}\p{N}_./ -]/gu;

/** The name under which a result is found again. */
export function resultName({ run }: Report, { label }: ReportResult): string {
  return `${run.id}/${label}`;
}

/** One result of a report in MLflow's terms: what was chosen as parameters, what was measured as metrics, epochs as steps. */
export function runRecords(report: Report, result: ReportResult): RunRecords {
  const { run, model, dataset } = report;
  const endedAt = Date.parse(run.endedAt ?? run.createdAt);
  const keyOf = distinctKeys();
  const metric = (key: string, value: number, step = 0): Metric => ({
    key: keyOf(key),
    value,
    timestamp: endedAt,
    step,
  });
  const metrics = [
    ...figures('before', result.before),
    ...figures('after', result.after),
    ...result.tasks.flatMap((task) => stagesOf(task, result.tasks.length > 1 ? `${task.task}/` : '')),
    ...result.arms.flatMap(armMetrics),
    ...([[`original/${result.metric.name}`, result.original.metric]] as const),
  ].map(([key, value]) => metric(key, value));
  const epochs = result.arms.flatMap((arm) =>
    arm.history.flatMap((epoch) =>
      epochMetrics(arm, epoch, result).map(([key, value]) => metric(key, value, epoch.epoch)),
    ),
  );
  return {
    name: `${run.name ?? model.name} ${result.label}`,
    startedAt: Date.parse(run.startedAt ?? run.createdAt),
    endedAt,
    params: paramsOf(report, result),
    metrics: [...metrics, ...epochs],
    tags: entries(
      {
        'mlflow.source.name': 'kneepoint',
        'mlflow.source.type': 'JOB',
        'mlflow.note.content': result.verdict,
        ...(run.createdBy === null ? {} : { 'mlflow.user': run.createdBy }),
        'kneepoint.run': run.id,
        'kneepoint.result': resultName(report, result),
        'kneepoint.version': report.kneepoint,
        'kneepoint.model': model.sha256,
        'kneepoint.dataset': dataset.sha256,
        'kneepoint.delivered': result.delivered.sha256,
        ...(report.command === null ? {} : { 'kneepoint.command': report.command }),
        ...(report.links.graphql === null ? {} : { 'kneepoint.graphql': report.links.graphql }),
        ...Object.fromEntries(Object.entries(run.labels).map(([key, value]) => [`kneepoint.label.${key}`, value])),
      },
      LONGEST_TAG,
    ),
  };
}

/** Classes before and after, as MLflow keeps tables that its page shows; undefined for tasks without any. */
export function classTable({ perClass }: ReportResult): string | undefined {
  const rows = perClass.flatMap(({ task, classes }) =>
    classes.map(({ name, images, before, after }) => [
      ...[task, name, images, before.precision, before.recall, before.f1],
      ...[after.precision, after.recall, after.f1],
    ]),
  );
  const before = ['precision_before', 'recall_before', 'f1_before'];
  const columns = ['task', 'class', 'images', ...before, 'precision_after', 'recall_after', 'f1_after'];
  return rows.length === 0 ? undefined : JSON.stringify({ columns, data: rows });
}

type Figure = readonly [key: string, value: number];

function figures(when: 'before' | 'after', { parameters, macs, bytes, latencyMs }: NetworkFigures): readonly Figure[] {
  return [
    [`${when}/parameters`, parameters],
    [`${when}/macs`, macs],
    [`${when}/bytes`, bytes],
    [`${when}/latency_ms_p50`, latencyMs.p50],
    [`${when}/latency_ms_p95`, latencyMs.p95],
  ];
}

function stagesOf(
  { name, chance, probe, pruned, healed, refit, finetuned }: ReportResult['tasks'][number],
  prefix: string,
): readonly Figure[] {
  const stages = { chance, probe, pruned, healed, refit, ...(finetuned === undefined ? {} : { finetuned }) };
  return Object.entries(stages).map(([stage, value]) => [`${prefix}${name}/${stage}`, value]);
}

function armMetrics({ arm, metric, validation, interval, parameters, macs, latencyMs }: ReportArm): readonly Figure[] {
  return [
    [`${arm}/test`, metric],
    [`${arm}/validation`, validation],
    ...(interval === null
      ? []
      : ([
          [`${arm}/test_low`, interval.low],
          [`${arm}/test_high`, interval.high],
        ] as const)),
    [`${arm}/parameters`, parameters],
    [`${arm}/macs`, macs],
    [`${arm}/latency_ms_p50`, latencyMs.p50],
  ];
}

/** What is delivered has its epochs without a prefix, as MLflow's other trainings have. */
function epochMetrics(
  { arm }: ReportArm,
  { loss, validationLoss, metric, learningRate }: EpochRecord,
  { delivered }: ReportResult,
): readonly Figure[] {
  const prefix = arm === delivered.arm ? '' : `${arm}/`;
  const known = { loss, val_loss: validationLoss, val_metric: metric, learning_rate: learningRate };
  return Object.entries(known).flatMap(([key, value]) =>
    typeof value === 'number' ? [[`${prefix}${key}`, value] as const] : [],
  );
}

function paramsOf({ model, dataset, preprocess, split, tasks, run }: Report, result: ReportResult): readonly Entry[] {
  const { epsilon, target, criterion, decide, widths, bestLayer, pool, delivered, measured } = result;
  const params: Readonly<Record<string, unknown>> = {
    kind: run.kind,
    label: result.label,
    task: result.task,
    types: tasks.map(({ name, type }) => `${name}: ${type}`).join(', '),
    epsilon,
    ...(target === null ? {} : { target: target.target, at_most: target.atMost }),
    ...{ criterion, decide, widths, head_layer: bestLayer, head_pool: pool },
    ...{ delivered: delivered.arm, reference: result.reference, metric: result.metric.name },
    ...{ model: model.name, model_sha256: model.sha256, dataset: dataset.name, dataset_sha256: dataset.sha256 },
    ...{ images: dataset.images, split_by: split.by, split_seed: split.seed },
    ...{ images_train: split.train, images_validation: split.validation, images_test: split.test },
    preprocess,
    ...{ provider: measured.provider, cpu: measured.machine.cpu, onnxruntime: measured.machine.onnxruntime },
  };
  return entries(params, LONGEST_PARAM);
}

function entries(values: Readonly<Record<string, unknown>>, longest: number): readonly Entry[] {
  const keyOf = distinctKeys();
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null || value === undefined) return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [{ key: keyOf(key), value: cut(text, longest) }];
  });
}

/** Keys that MLflow takes, of any text, as names of tasks and labels are: the same for the same text, and another for another. */
function distinctKeys(): (text: string) => string {
  const keys = new Map<string, string>();
  const taken = new Set<string>();
  return (text) => {
    const known = keys.get(text);
    if (known !== undefined) return known;
    const wanted = validKey(text);
    let key = cut(wanted, LONGEST_KEY);
    for (let n = 2; taken.has(key); n += 1) key = `${cut(wanted, LONGEST_KEY - 1 - String(n).length)}_${n}`;
    keys.set(text, key);
    taken.add(key);
    return key;
  };
}

/** MLflow takes keys for paths, too: they must be the same once they are normalized, and stay below where they begin. */
function validKey(text: string): string {
  const parts = text.normalize('NFC').replace(FOREIGN, '_').split('/');
  return parts.map((part) => (/^\.{0,2}$/.test(part) ? '_' : part.replace(/^\.\./, '_'))).join('/');
}

/** So many characters as Python counts them. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : [...text].slice(0, most).join('');
}
