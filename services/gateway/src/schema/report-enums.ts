import { enumeration } from './enumeration.ts';

export const ReportArmName = enumeration(
  'ReportArmName',
  'A network of a comparison.',
  {
    REFIT: 'refit',
    FINETUNED: 'finetuned',
    SCRATCH: 'scratch',
    HEAD_ONLY: 'headOnly',
    UNPRUNED: 'unpruned',
    QUANTIZED: 'quantized',
  },
  {
    REFIT: 'Pruned, its head fitted in closed form: what pruning itself leaves.',
    FINETUNED: 'Pruned and trained on.',
    SCRATCH: 'The same pruned architecture from fresh weights.',
    HEAD_ONLY: 'Nothing pruned, only the head trained.',
    UNPRUNED: 'Nothing pruned, all of it trained on.',
    QUANTIZED: 'The network that is delivered, in whole numbers.',
  },
);

export const ReportReference = enumeration(
  'ReportReference',
  'What "before" is in a comparison.',
  { UNPRUNED: 'unpruned', PROBE: 'probe' },
  {
    UNPRUNED: 'The whole network finetuned for the task.',
    PROBE: 'A linear probe on the best layer of the untouched network, where the whole one was not trained.',
  },
);

export const ReportScores = enumeration(
  'ReportScores',
  'What the outputs of a network are for tasks of classes.',
  { LOGITS: 'logits', REGRESSED: 'regressed' },
  {
    LOGITS: 'Logits, as a training leaves them.',
    REGRESSED: 'Values fitted to 0 and 1 in closed form.',
  },
);

export const ReportWidths = enumeration(
  'ReportWidths',
  'What decided how many filters each layer keeps.',
  { DAMAGE: 'damage', EVEN: 'even' },
  { DAMAGE: 'What their absence does.', EVEN: 'The same share everywhere.' },
);

export const ReportDamage = enumeration(
  'ReportDamage',
  'What the damage of a cut was judged by.',
  { ANSWERS: 'answers', READERS: 'readers' },
  {
    ANSWERS: 'What the answers depend on.',
    READERS: 'The weights that read the layer, where an operator has no derivative.',
  },
);

export const ReportTaskRole = enumeration(
  'ReportTaskRole',
  'Whether a network was to carry a task.',
  { WANTED: 'wanted', AVOIDED: 'avoided' },
  { WANTED: 'It is for this task.', AVOIDED: 'It was not to carry this task.' },
);
