import type { Declared, DeploymentConfig } from './config.ts';

/** Triton's names of element types (model_config.proto). */
const TYPES: Readonly<Record<string, string>> = {
  bool: 'TYPE_BOOL',
  uint8: 'TYPE_UINT8',
  uint16: 'TYPE_UINT16',
  uint32: 'TYPE_UINT32',
  uint64: 'TYPE_UINT64',
  int8: 'TYPE_INT8',
  int16: 'TYPE_INT16',
  int32: 'TYPE_INT32',
  int64: 'TYPE_INT64',
  float16: 'TYPE_FP16',
  float32: 'TYPE_FP32',
  float64: 'TYPE_FP64',
};

/** Most images that Triton puts into one run of a network that takes any number; a setting of the server, not of the file. */
const MOST_IMAGES = 32;

/**
 * Triton's config.pbtxt. A network that takes any number of images lets Triton add the batch, and requests be joined; one that fixes it gets
 * `max_batch_size: 0` and its dimensions whole, as the file declares them. Names of classes go with an output that has one number for each.
 */
export function tritonConfig(config: DeploymentConfig): string {
  const { input, otherInputs, outputs, tasks } = config;
  const inputs: readonly Declared[] = [input, ...otherInputs];
  // Triton leads every input and output with the batch, so one that does not lead with it ends that.
  const joins = [input, ...outputs].every(({ dims: [first] }) => first === null) && otherInputs.length === 0;
  const tensor = ({ name, type, dims }: Declared, more: readonly string[] = []): string => {
    const own = (joins ? dims.slice(1) : dims).map((dim) => dim ?? -1);
    const lines = [`name: ${quoted(name)}`, `data_type: ${TYPES[type]}`, `dims: [ ${own.join(', ')} ]`, ...more];
    return `  {\n${lines.map((line) => `    ${line}`).join('\n')}\n  }`;
  };
  const format = joins ? [`format: FORMAT_${input.layout}`] : [];
  const labelled = outputs.map((output) => {
    const own = tasks.filter((task) => task.output === output.name);
    return tensor(output, own.every(namesEach) ? [`label_filename: ${quoted(labelsFile(config, output.name))}`] : []);
  });
  return [
    `name: ${quoted(config.name)}`,
    'backend: "onnxruntime"',
    `max_batch_size: ${joins ? MOST_IMAGES : 0}`,
    `input [\n${inputs.map((one, i) => tensor(one, i === 0 ? format : [])).join(',\n')}\n]`,
    `output [\n${labelled.join(',\n')}\n]`,
    ...(joins ? ['dynamic_batching { }'] : []),
    '',
  ].join('\n');
}

/** The files of labels that the configuration names, by their names beside it. */
export function tritonLabels(config: DeploymentConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    config.outputs.flatMap(({ name }) => {
      const own = config.tasks.filter((task) => task.output === name);
      if (!own.every(namesEach)) return [];
      const names = own.flatMap((task) =>
        task.classes!.map((label) => (config.tasks.length > 1 ? `${task.name}/${label}` : label)),
      );
      return [[labelsFile(config, name), `${names.map(oneLine).join('\n')}\n`]];
    }),
  );
}

/** Whether a task's answer has a number for each of its classes. */
function namesEach({ classes, gives, from, to }: DeploymentConfig['tasks'][number]): boolean {
  return gives !== 'label' && classes !== null && classes.length === to - from;
}

function labelsFile({ outputs }: DeploymentConfig, output: string): string {
  return outputs.length === 1 ? 'labels.txt' : `labels-${outputs.findIndex(({ name }) => name === output) + 1}.txt`;
}

const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ');

/** A string of protobuf's text format: what is neither printable nor ASCII as the octal codes of its UTF-8. */
function quoted(text: string): string {
  const bytes = [...new TextEncoder().encode(text)].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}
