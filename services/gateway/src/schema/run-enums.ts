import { enumeration } from './enumeration.ts';

export const RunKind = enumeration(
  'RunKind',
  'What a run does.',
  {
    IMPORT_MODEL: 'IMPORT_MODEL',
    IMPORT_DATASET: 'IMPORT_DATASET',
    ANALYSIS: 'ANALYSIS',
    PRUNE: 'PRUNE',
    FINETUNE: 'FINETUNE',
    COMPRESSION: 'COMPRESSION',
    BENCHMARK: 'BENCHMARK',
    PACKAGE: 'PACKAGE',
    REPRODUCTION: 'REPRODUCTION',
  },
  {
    IMPORT_MODEL: 'Reads, checks and registers an ONNX file.',
    IMPORT_DATASET: 'Reads, checks, packs and registers labelled images.',
    ANALYSIS: 'Takes the responses of every layer and fits the matrix cells and characteristic curves from them.',
    PRUNE: 'Cuts filters and fits a head in closed form, once for each ε and target.',
    FINETUNE: 'Trains one network.',
    COMPRESSION: 'Analyses, cuts, trains, compares and reports.',
    BENCHMARK: 'Times networks against each other.',
    PACKAGE: 'Lays out what a network is deployed with, as one file.',
    REPRODUCTION: 'Checks and keeps the results of a reproduction of the paper.',
  },
);

export const RunState = enumeration(
  'RunState',
  'How far a run is. SUCCEEDED, FAILED, CANCELED and TIMED_OUT are final.',
  {
    QUEUED: 'QUEUED',
    STARTING: 'STARTING',
    RUNNING: 'RUNNING',
    CANCELING: 'CANCELING',
    SUCCEEDED: 'SUCCEEDED',
    FAILED: 'FAILED',
    CANCELED: 'CANCELED',
    TIMED_OUT: 'TIMED_OUT',
  },
  {
    QUEUED: 'No worker has taken a step yet.',
    STARTING: 'A worker has taken a step and has not said yet how far it is.',
    RUNNING: 'Steps are worked on.',
    CANCELING: 'Somebody has ended it; workers are letting go of its steps.',
    SUCCEEDED: 'Every step is done.',
    FAILED: 'A step failed for good; `failure` says why.',
    CANCELED: 'Somebody ended it.',
    TIMED_OUT: 'A step took longer than its time limit.',
  },
);

export const StepState = enumeration(
  'StepState',
  'How far a step is. SUCCEEDED, FAILED and CANCELED are final.',
  {
    WAITING: 'WAITING',
    QUEUED: 'QUEUED',
    RUNNING: 'RUNNING',
    SUCCEEDED: 'SUCCEEDED',
    FAILED: 'FAILED',
    CANCELED: 'CANCELED',
  },
  {
    WAITING: 'Steps that it needs are not done yet.',
    QUEUED: 'It may begin and waits for a worker.',
    RUNNING: 'A worker has it.',
    SUCCEEDED: 'Its result is there.',
    FAILED: 'It failed for good, or a step that it needs did.',
    CANCELED: 'Its run was ended before it was done.',
  },
);

export const StepKind = enumeration(
  'StepKind',
  'What a step computes.',
  {
    IMPORT_MODEL: 'import-model',
    IMPORT_DATASET: 'import-dataset',
    EXTRACT: 'extract',
    REGRESS: 'regress',
    PRUNE: 'prune',
    TRUNCATE: 'truncate',
    TEACH: 'teach',
    FINETUNE: 'finetune',
    QUANTIZE: 'quantize',
    REPORT: 'report',
    BENCHMARK: 'benchmark',
    PACKAGE: 'package',
    REPRODUCTION: 'reproduction',
  },
  {
    IMPORT_MODEL: 'Reads and checks an ONNX file.',
    IMPORT_DATASET: 'Reads, checks and packs labelled images.',
    EXTRACT: 'Runs the network over a part of the images and keeps the pooled responses of every layer.',
    REGRESS: 'Fits one layer: its probe of every task and its characteristic curves.',
    PRUNE: 'Plans a cut, makes it, proves it and fits a head in closed form.',
    TRUNCATE: 'Ends the whole network after a layer and puts a head there.',
    TEACH: 'Takes the answers of a trained network, for others to learn from.',
    FINETUNE: 'Trains a network.',
    QUANTIZE: 'Turns a network into whole numbers, calibrated on training images.',
    REPORT: 'Measures every arm of a comparison on test images and writes the report.',
    BENCHMARK: 'Times networks against each other.',
    PACKAGE: 'Lays out what a network is deployed with, as one file.',
    REPRODUCTION: 'Checks results of a reproduction, draws its figures and writes its page.',
  },
);

export const Service = enumeration(
  'Service',
  'Which kind of worker does a step.',
  { EXTRACTOR: 'extractor', REGRESSOR: 'regressor', PRUNER: 'pruner', TRAINER: 'trainer' },
  {
    EXTRACTOR: 'Imports, runs networks over images, and packages them.',
    REGRESSOR: 'Fits probes and curves.',
    PRUNER: 'Cuts networks.',
    TRAINER: 'Trains, measures and times networks.',
  },
);

export const AttemptOutcome = enumeration(
  'AttemptOutcome',
  'How one try at a step ended.',
  {
    SUCCEEDED: 'SUCCEEDED',
    FAILED: 'FAILED',
    CANCELED: 'CANCELED',
    LOST: 'LOST',
    HANDED_BACK: 'HANDED_BACK',
    TIMED_OUT: 'TIMED_OUT',
  },
  {
    SUCCEEDED: 'It gave the result.',
    FAILED: 'It failed; `failure` says why.',
    CANCELED: 'Its run was ended.',
    LOST: 'Its worker fell silent, and another one took the step.',
    HANDED_BACK: 'Its worker was told to stop and gave the step back; this counts against no limit.',
    TIMED_OUT: 'It took longer than the time limit of the step.',
  },
);
