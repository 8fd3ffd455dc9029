import type { Interval } from '@kneepoint/regression';
import type { Report, ReportArm, ReportResult } from '@kneepoint/workflow';
import { stringify } from 'yaml';
import type { DeploymentConfig } from './config.ts';

export interface ModelCardFacts {
  readonly report: Report;
  readonly result: ReportResult;
  readonly config: DeploymentConfig;
  readonly testImages: number;
  /** Of model.onnx, with the answers that were put into it. */
  readonly bytes: number;
}

/** Identifiers of licenses that Hugging Face's front matter takes as they are; others go by `other` and their name. */
const LICENSES: ReadonlySet<string> = new Set([
  ...['apache-2.0', 'mit', 'bsd', 'bsd-2-clause', 'bsd-3-clause', 'bsd-3-clause-clear', 'isc', 'zlib', 'unlicense'],
  ...[
    'gpl',
    'gpl-2.0',
    'gpl-3.0',
    'lgpl',
    'lgpl-2.1',
    'lgpl-3.0',
    'agpl-3.0',
    'mpl-2.0',
    'epl-2.0',
    'wtfpl',
    'bsl-1.0',
  ],
  ...['cc', 'cc0-1.0', 'cc-by-2.0', 'cc-by-3.0', 'cc-by-4.0', 'cc-by-sa-3.0', 'cc-by-sa-4.0', 'cc-by-nc-2.0'],
  ...['cc-by-nc-3.0', 'cc-by-nc-4.0', 'cc-by-nd-4.0', 'cc-by-nc-nd-3.0', 'cc-by-nc-nd-4.0', 'cc-by-nc-sa-2.0'],
  ...['cc-by-nc-sa-3.0', 'cc-by-nc-sa-4.0', 'openrail', 'creativeml-openrail-m', 'artistic-2.0', 'afl-3.0', 'ecl-2.0'],
]);

/** Of the Hub's tasks; what is measured has none of its own there. */
const TASK_TYPES: Readonly<Record<string, string>> = { continuous: 'image-regression' };
/** Names that are listed in a sentence. */
const MOST_NAMES = 12;

/** A repository of the Hub: whose it is, and what. A name alone may be that of anything. */
const HUB_NAME = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/** A model card in Hugging Face's form: front matter that the Hub reads, then what people should know. Nothing but the report and the file. */
export function modelCard(facts: ModelCardFacts): string {
  return `---\n${stringify(frontMatter(facts))}---\n\n${body(facts)}`;
}

function frontMatter({ report, result, config }: ModelCardFacts): Record<string, unknown> {
  const { model, dataset } = report;
  const arm = deliveredArm(result);
  const classes = config.tasks.every(({ type }) => type !== 'continuous');
  const license = model.license
    ?.trim()
    .toLowerCase()
    .replace(/ license$/, '');
  const known = license !== undefined && LICENSES.has(license);
  return {
    ...(license === undefined ? {} : known ? { license } : { license: 'other', license_name: oneLine(model.license!) }),
    library_name: 'onnx',
    ...(classes ? { pipeline_tag: 'image-classification' } : {}),
    tags: ['onnx', 'pruning', 'kneepoint'],
    ...(HUB_NAME.test(model.name) ? { base_model: model.name } : {}),
    ...(HUB_NAME.test(dataset.name) ? { datasets: [dataset.name] } : {}),
    metrics: [...new Set(config.tasks.map(({ metric }) => metric))],
    'model-index': [
      {
        name: config.name,
        results: arm.tasks.map(({ task, metric }, i) => ({
          task: { type: TASK_TYPES[config.tasks[i]!.type] ?? 'image-classification', name: oneLine(task) },
          dataset: {
            type: HUB_NAME.test(dataset.name) ? dataset.name : 'other',
            name: oneLine(dataset.name),
            split: 'test',
          },
          metrics: [
            {
              type: config.tasks[i]!.metric,
              value: metric,
              name: `${config.tasks[i]!.metric} on ${result.tasks[i]!.images} test images`,
            },
          ],
        })),
      },
    ],
  };
}

function body({ report, result, config, testImages, bytes }: ModelCardFacts): string {
  const { model, dataset, split, run } = report;
  const { before, after } = result;
  const arm = deliveredArm(result);
  const rows = arm.tasks.map(({ task, metric, interval }, i) => {
    const { original } = result;
    const whole = result.arms.find(({ arm: name }) => name === 'unpruned')?.tasks[i]?.metric;
    const name = config.tasks[i]!.metric;
    return [
      cell(task),
      String(result.tasks[i]!.images),
      name,
      shown(metric, name),
      range(interval, name),
      ...[whole, original.tasks[i]?.metric].map((value) => (value === undefined ? '' : shown(value, name))),
    ];
  });
  return [
    `# ${oneLine(config.name)}`,
    cell(result.verdict),
    '',
    `\`model.onnx\` answers ${describeTasks(config)}. It was made of **${cell(model.name)}**${model.author === null ? '' : ` by ${cell(model.author)}`} (sha256 \`${model.sha256}\`) with the images of **${cell(dataset.name)}** (${dataset.images} images, sha256 \`${dataset.sha256}\`). ${licenseLine(report)}`,
    '',
    '## Figures',
    table(
      ['', 'before', 'after'],
      [
        ['parameters', String(before.parameters), String(after.parameters)],
        ['multiply-accumulates of one image', String(before.macs), String(after.macs)],
        ['bytes', String(before.bytes), String(bytes)],
        [
          `latency p50, ms (${cell(result.measured.provider)}, ${cell(result.measured.machine.cpu)})`,
          before.latencyMs.p50.toFixed(2),
          after.latencyMs.p50.toFixed(2),
        ],
      ],
    ),
    '',
    ...(config.answers === 'raw'
      ? []
      : [
          `Parameters, multiply-accumulates and latency are those of the network that was measured, which gives raw scores; what makes ${config.answers} of them was put behind it.`,
          '',
        ]),
    `On ${split.test} test images, split by ${cell(split.by)}${split.given === null ? ` with seed ${split.seed}` : ` as ${cell(split.given)} says`}; intervals are of 95 %:`,
    '',
    table(
      [
        'task',
        'images with its label',
        'metric',
        'this network',
        'interval',
        'whole network finetuned',
        'probe on the original',
      ],
      rows,
    ),
    '',
    '## How it is fed and read',
    `Input ${code(config.input.name)}: ${config.input.type}, ${config.input.layout} ${dims(config.input.dims)}. \`model.preprocess.json\` says how pixels become it; \`samples\` does so in TypeScript and Python, resizing as the training did. \`config.json\` names outputs, classes, thresholds and bins. Answers are ${ANSWERS[config.answers]}.`,
    '',
    ...(testImages === 0
      ? []
      : [
          `\`test\` holds ${testImages} of the test images with their labels, and what is expected of them:`,
          '```sh',
          // Each line from this folder. ONNX Runtime's own install script fetches its CUDA libraries.
          'npm --prefix samples install --ignore-scripts && npm --prefix samples test',
          'pip install -r samples/requirements.txt && python samples/predict.py test',
          '```',
          '',
        ]),
    '## Serving',
    '`triton` is a model repository of NVIDIA Triton Inference Server. `kserve/inference-service.yaml` serves it in Kubernetes, once it lies where `storageUri` says. `sha256sum -c SHA256SUMS` checks every file.',
    '',
    ...(result.warnings.length === 0
      ? []
      : ['## What the report warns of', ...result.warnings.map((text) => `- ${cell(text)}`), '']),
    '## Origin',
    `Run \`${run.id}\` of ${report.createdAt}, Kneepoint ${report.kneepoint}${run.createdBy === null ? '' : `, launched by ${cell(run.createdBy)}`}${report.links.graphql === null ? '' : ` on ${report.links.graphql}`}. \`report.json\` has all of it.`,
    ...(report.command === null ? [] : ['The same again:', ...fenced(report.command)]),
    '',
  ].join('\n');
}

const ANSWERS: Readonly<Record<DeploymentConfig['answers'], string>> = {
  raw: 'raw scores: classes are decided by the largest score, labels by thresholds, bins by edges, as `config.json` has them',
  probabilities: 'probabilities; labels are decided by the thresholds of `config.json`, which are those of the report',
  labels: 'numbers of classes, labels and bins, by the thresholds and edges of the report',
};

export function deliveredArm({ arms, delivered }: Pick<ReportResult, 'arms' | 'delivered'>): ReportArm {
  return arms.find(({ arm }) => arm === delivered.arm)!;
}

function describeTasks({ tasks }: DeploymentConfig): string {
  return tasks.map(({ name, type, classes, unit }) => `**${cell(name)}** (${said(type, classes, unit)})`).join(' and ');
}

function said(type: string, classes: readonly string[] | null, unit: string | null): string {
  if (!classes) return unit === null ? 'a value' : cell(unit);
  if (type === 'ordered' || classes.length > MOST_NAMES)
    return `${classes.length} ${type === 'ordered' ? 'bins' : 'classes'}`;
  return classes.map(cell).join(', ');
}

function licenseLine({ model }: Report): string {
  if (model.license === null) return 'The original says nothing of its license.';
  return `The original names its license as ${cell(model.license)}.`;
}

function shown(value: number, metric: string): string {
  return metric === 'accuracy' ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4);
}

function range(interval: Interval, metric: string): string {
  return `${shown(interval.low, metric)} to ${shown(interval.high, metric)}`;
}

const dims = (own: readonly (number | null)[]): string => own.map((dim) => dim ?? 'any').join(' × ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Text of others as code, in more backticks than it has in a row. */
function code(text: string): string {
  const own = oneLine(text);
  const ticks = '`'.repeat(1 + longestRun(own));
  return `${ticks}${/^`|`$/.test(own) ? ` ${own} ` : own}${ticks}`;
}

function fenced(command: string): readonly string[] {
  const fence = '`'.repeat(Math.max(3, 1 + longestRun(command)));
  return [`${fence}sh`, command, fence];
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));

/** Text of others as text, whatever it would be in Markdown. */
function cell(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>#|]/g, (character) => `\\${character}`);
}
