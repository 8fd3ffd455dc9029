import { dataTypeName, decodeModel, dimsOf, Graph, isFree, type ValueInfoProto } from '@kneepoint/onnx';
import { stringify } from 'yaml';

export interface ModelFolderRequest {
  /** The file as it is delivered. */
  readonly onnx: Uint8Array;
  /** Id of the MLflow run that it is logged in. */
  readonly runId: string;
  /** Where in the run's files the folder lies. */
  readonly path: string;
  /** Version of the server. */
  readonly mlflow: string;
  readonly at: Date;
  /** Tells models apart: of 32 hexadecimal digits. */
  readonly uuid: string;
}

/** A folder of a model, and what of it the run itself keeps. */
export interface ModelFolder {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly description: object;
}

const FILE = 'model.onnx';
const EXAMPLE = 'input_example.json';
const SERVING = 'serving_input_example.json';
/** Of environments that MLflow makes to serve in. */
const PYTHON = '3.11.9';
/** An example shows the form; one of millions of numbers helps nobody. */
const LARGEST_EXAMPLE = 500_000;

interface Tensor {
  readonly name: string;
  readonly dtype: string;
  /** −1 where a length is free. */
  readonly shape: readonly number[];
}

/**
 * A network as MLflow keeps models: the ONNX flavour, and `python_function`, by which `mlflow models serve` and batch scoring run it, with
 * signature, an example of an input (zeros, one image) and what Python needs.
 */
export function modelFolder({ onnx, runId, path, mlflow, at, uuid }: ModelFolderRequest): ModelFolder {
  const model = decodeModel(onnx);
  const graph = new Graph(model);
  const inputs = graph.inputs.map(tensorOf);
  const outputs = graph.outputs.map(tensorOf);
  const example = exampleOf(inputs);
  const description = {
    artifact_path: path,
    flavors: {
      onnx: { code: null, data: FILE, onnx_version: 'unknown', providers: ['CPUExecutionProvider'] },
      python_function: {
        ...{ code: null, data: FILE, loader_module: 'mlflow.onnx', python_version: PYTHON },
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
      },
    },
    mlflow_version: mlflow,
    model_size_bytes: onnx.byteLength,
    model_uuid: uuid,
    run_id: runId,
    signature: { inputs: specOf(inputs), outputs: specOf(outputs), params: null },
    utc_time_created: at.toISOString().replace('T', ' ').replace('Z', ''),
    ...(example === undefined
      ? {}
      : {
          saved_input_example_info: { artifact_path: EXAMPLE, serving_input_path: SERVING, type: 'ndarray' },
        }),
  };
  const requirements = [`mlflow==${mlflow}`, 'numpy', 'onnx', 'onnxruntime'];
  const conda = {
    channels: ['conda-forge'],
    dependencies: [`python=${PYTHON}`, 'pip', { pip: requirements }],
    name: 'mlflow-env',
  };
  const python = { python: PYTHON, build_dependencies: ['pip'], dependencies: ['-r requirements.txt'] };
  return {
    description,
    files: {
      MLmodel: stringify(description),
      [FILE]: onnx,
      'requirements.txt': `${requirements.join('\n')}\n`,
      'conda.yaml': stringify(conda),
      'python_env.yaml': stringify(python),
      ...(example === undefined
        ? {}
        : { [EXAMPLE]: JSON.stringify(example), [SERVING]: JSON.stringify({ inputs: example }) }),
    },
  };
}

function tensorOf(value: ValueInfoProto): Tensor {
  const type = value.type?.value;
  return {
    name: value.name,
    dtype: numpyType(type?.case === 'tensorType' ? type.value.elemType : 0),
    shape: shapeOf(dimsOf(value).map((dim) => (isFree(dim) ? null : (dim as number)))),
  };
}

function shapeOf(dims: readonly (number | null)[]): readonly number[] {
  return dims.map((dim) => dim ?? -1);
}

const NAMES: Readonly<Record<string, string>> = { FLOAT: 'float32', DOUBLE: 'float64', STRING: 'str' };

function numpyType(type: number): string {
  const name = dataTypeName(type);
  return NAMES[name] ?? name.toLowerCase();
}

/** As MLflow writes a schema of tensors. */
function specOf(tensors: readonly Tensor[]): string {
  return JSON.stringify(
    tensors.map(({ name, dtype, shape }) => ({ type: 'tensor', 'tensor-spec': { dtype, shape }, name })),
  );
}

/** One image of nothing, by inputs; undefined where a length is free that is no batch, or it is too large. */
function exampleOf(inputs: readonly Tensor[]): Readonly<Record<string, unknown>> | undefined {
  const sizes = inputs.map(({ shape: [, ...rest] }) => rest.reduce((product, length) => product * length, 1));
  if (inputs.some(({ shape: [, ...rest] }) => rest.includes(-1)) || Math.max(...sizes) > LARGEST_EXAMPLE)
    return undefined;
  const zeros = ([length, ...rest]: readonly number[]): unknown =>
    length === undefined ? 0 : Array.from({ length }, () => zeros(rest));
  const values = inputs.map(({ name, shape: [batch = 1, ...rest] }) => [name, zeros([Math.max(batch, 1), ...rest])]);
  return Object.fromEntries(values) as Readonly<Record<string, unknown>>;
}
