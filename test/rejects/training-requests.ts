import { type BadRequest, compress, mutation, query } from './senders.ts';

const finetune = (change: object) =>
  mutation('launchFinetune', ({ model, dataset }) => ({ model, dataset, tasks: ['score'], ...change }));

/** What may not be asked of a training, a compression or a benchmark. */
export const BAD_TRAINING_REQUESTS: readonly BadRequest[] = [
  {
    name: 'a training of no network',
    send: finetune({ model: null }),
    code: 'SOURCE_INVALID',
    message:
      'exactly one of model and artifact is needed. Pass the id of a model, or the SHA-256 of a network that a pruning or training made.',
    where: 'model',
  },
  {
    name: 'a training of bytes that are no network of this server',
    send: finetune({ model: null, artifact: '../../etc/passwd' }),
    code: 'ARTIFACT_UNKNOWN',
    message:
      'no pruning or training made "../../etc/passwd". Pass the sha256 of the model of a pruning, training or compression.',
    where: 'artifact',
  },
  {
    name: 'a training of no epoch',
    send: finetune({ training: { epochs: 0 } }),
    code: 'TRAINING_OPTION_INVALID',
    message: 'epochs is 0. Pass a whole number from 1 to 10000.',
    where: 'training.epochs',
  },
  {
    name: 'a training with an infinite rate',
    send: query(
      'mutation($model: ID!, $dataset: ID!) { launchFinetune(input: { model: $model, dataset: $dataset, tasks: ["score"], training: { learningRate: 1e999 } }) { run { id } userErrors { code field message } } }',
      ({ model, dataset }) => ({ model, dataset }),
    ),
    code: 'TRAINING_OPTION_INVALID',
    message: 'learningRate is Infinity. Pass a number from 1e-9 to 100.',
    where: 'training.learningRate',
  },
  {
    name: 'a training in a mode that is none',
    send: finetune({ mode: 'ALL' }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value "ALL" at "input.mode"; Value "ALL" does not exist in "TrainingMode" enum.',
    where: null,
  },
  {
    name: 'a training that freezes a layer that is not there',
    send: finetune({ training: { freeze: ['conv9'] } }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9". Choose of: conv1, conv2, logits.',
    where: 'training.freeze',
  },
  {
    name: 'a compression with an arm that is none',
    send: compress({ arms: ['TEACHER'] }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value "TEACHER" at "input.arms[0]"; Value "TEACHER" does not exist in "CompressionArm" enum.',
    where: null,
  },
  {
    name: 'a compression that trains in batches of a million',
    send: compress({ training: { batchSize: 1e6 } }),
    code: 'TRAINING_OPTION_INVALID',
    message: 'batchSize is 1000000. Pass a whole number from 1 to 4096.',
    where: 'training.batchSize',
  },
  {
    name: 'a benchmark of nothing',
    send: mutation('launchBenchmark', () => ({})),
    code: 'BENCHMARK_OPTION_INVALID',
    message: 'networks to time: 0. Pass 1 to 20.',
    where: 'models',
  },
  {
    name: 'a benchmark without end',
    send: mutation('launchBenchmark', ({ model }) => ({ models: [model], runs: 2 ** 31 - 1 })),
    code: 'BENCHMARK_OPTION_INVALID',
    message: 'runs: 2147483647. Pass 1 to 10000.',
    where: 'runs',
  },
];
