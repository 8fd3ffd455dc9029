import type { FailureKind } from '../kind.ts';

export const pruningFailures = {
  SHAPES_INCOMPLETE: {
    cause: 'The shape of a value that channels pass through was not given.',
    cure: 'Give the shape of every value at batch 1, as the runtime measures it.',
    retryable: false,
  },
  PLAN_UNKNOWN_LAYER: {
    cause: 'A plan names a layer that the network does not have.',
    cure: 'Use the layer names of the analysis, or make the plan anew for this model.',
    retryable: false,
  },
  PLAN_BAD_FILTER: {
    cause: 'A plan names a filter that its layer does not have.',
    cure: 'Use filter indices from 0 to the number of filters less one.',
    retryable: false,
  },
  PLAN_BAD_LIMIT: {
    cause:
      'A least number of filters, or the number to round to, is not a whole number from 1 on; or a target is not a number from 0 on.',
    cure: 'Give a whole number from 1 on, or a target in MACs, parameters or bytes.',
    retryable: false,
  },
  PLAN_BAD_RATIO: {
    cause: 'The share of filters to remove is not from 0 up to but not including 1.',
    cure: 'Give a ratio such as 0.5.',
    retryable: false,
  },
  PLAN_UNKNOWN_CRITERION: {
    cause: 'There is no criterion of this name.',
    cure: 'Use one of the criteria that the message lists.',
    retryable: false,
  },
  PLAN_NEEDS_WEIGHTS: {
    cause: 'A criterion that reads weights was asked without a model.',
    cure: 'Give the model with its weights.',
    retryable: false,
  },
  PLAN_NEEDS_MEASUREMENTS: {
    cause: 'A criterion that judges filters by images was asked without what they answered.',
    cure: 'Measure every layer first, or use a criterion that reads weights, such as l1.',
    retryable: false,
  },
  PLAN_NEEDS_NORMALISATION: {
    cause:
      'A criterion that reads the scale of batch normalisation was asked of a network without any behind its convolutions.',
    cure: 'Export the model without folding normalisation into the convolutions, or use l1.',
    retryable: false,
  },
  PLAN_BAD_RANKING: {
    cause: 'A ranking does not hold one finite worth per channel and one loss from 0 to 1 per number of channels kept.',
    cure: 'Rank the taps of this very analysis.',
    retryable: false,
  },
  PLAN_TARGET_UNREACHABLE: {
    cause: 'A network costs more than the target even when everything that may go is gone.',
    cure: 'Ask for the least that the message names, or more; lower the least numbers of filters.',
    retryable: false,
  },
  PLAN_SPLITS_CLASS: {
    cause: 'A plan keeps one channel of a class and removes another that must live or die with it.',
    cure: 'Keep or remove all channels of a class together.',
    retryable: false,
  },
  PLAN_REMOVES_FROZEN: {
    cause: 'A plan removes a channel that has to stay.',
    cure: 'Keep the filter that the message names.',
    retryable: false,
  },
  PLAN_EMPTIES_VALUE: {
    cause: 'A plan leaves a value of the graph without a channel.',
    cure: 'Keep at least one channel of it.',
    retryable: false,
  },
  SURGERY_UNEQUAL_GROUPS: {
    cause: 'A plan would leave the groups of a convolution with different numbers of channels.',
    cure: 'Make the plan with the same settings for grouped convolutions as the surgery.',
    retryable: false,
  },
  TAP_NOT_FOUND: {
    cause: 'The value of a tap does not exist in the model.',
    cure: 'Find the taps of this model.',
    retryable: false,
  },
  HEAD_BAD_SHAPE: {
    cause: 'The weights of a linear head do not fit the tap, or are not finite.',
    cure: 'Give targets × channels finite weights and one bias per target.',
    retryable: false,
  },
  PROOF_TOO_FEW_IMAGES: {
    cause: 'The images given for a proof do not fit the model, or are fewer than two.',
    cure: 'Give batches of whole images, at least two images in all.',
    retryable: false,
  },
  PROOF_NOT_FINITE: {
    cause: 'An output of a model was NaN or infinity alone during a proof.',
    cure: 'Give images in the range that the model takes.',
    retryable: false,
  },
  SURGERY_NOT_PROVED: {
    cause: 'The cut network does not equal the masked one, or the comparison could not have noticed if it did not.',
    cure: 'Report it with the model; leave the layer that the message names alone meanwhile.',
    retryable: false,
  },
  SURGERY_UNDECIDED: {
    cause:
      'What the cut network and the masked one differ by, or what a wrong cut would make, is no more than rounding does to this network itself.',
    cure: 'Nothing wrong was seen, and nothing is written: keep more filters, leave the layer that multiplies rounding alone, or give images that the network was made for.',
    retryable: false,
  },
  SURGERY_RUNTIME_DIFFERS: {
    cause:
      'ONNX Runtime, in a session with default settings, rewrites this network into one that answers otherwise than its file says, or cannot run what it has rewritten.',
    cure: 'Write what the message names in other operators; nothing is wrong with the cut as it is written, and none is delivered that people would run otherwise.',
    retryable: false,
  },
  SURGERY_CUT_NOTHING: {
    cause: 'No filter of any layer could go, so that no smaller network was written.',
    cure: 'Read the reasons that the message gives for each layer; ask for a larger ratio or a smaller multiple where none is named.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
