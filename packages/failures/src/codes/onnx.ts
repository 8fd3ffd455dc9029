import type { FailureKind } from '../kind.ts';

export const onnxFailures = {
  MODEL_EMPTY: {
    cause: 'The model file has no bytes.',
    cure: 'Export the model again and give the file that results.',
    retryable: false,
  },
  MODEL_NOT_ONNX: {
    cause: 'The bytes are not an ONNX model.',
    cure: 'Give a file in ONNX format; other frameworks export to it.',
    retryable: false,
  },
  MODEL_TRUNCATED: {
    cause: 'The model file ends in the middle of a field.',
    cure: 'Copy or download the file again; check its size at the source.',
    retryable: false,
  },
  MODEL_NO_GRAPH: {
    cause: 'The model carries no graph.',
    cure: 'Export the model again; a file with only metadata or functions is not enough.',
    retryable: false,
  },
  MODEL_NO_IR_VERSION: {
    cause: 'The model does not say which version of the ONNX format it follows.',
    cure: 'Set ir_version, as every exporter does.',
    retryable: false,
  },
  MODEL_NO_OPSET: {
    cause: 'The model does not say which version of the ONNX operators it uses.',
    cure: 'Set opset_import for the default domain.',
    retryable: false,
  },
  MODEL_OPSET_UNSUPPORTED: {
    cause: 'A node uses its operator in a version that cannot be brought to the one that training works with.',
    cure: 'Export the model for opset 18.',
    retryable: false,
  },
  MODEL_TOO_LARGE: {
    cause: 'The model holds more than the limits allow to be read.',
    cure: 'Give a smaller model, or raise the limit that the message names if you trust the file.',
    retryable: false,
  },
  MODEL_TOO_DEEP: {
    cause: 'The model nests graphs or types deeper than the limit.',
    cure: 'Flatten the control flow of the model before export.',
    retryable: false,
  },
  MODEL_TOO_LARGE_TO_WRITE: {
    cause: 'The model does not fit into one ONNX file, which ends at 2 GB.',
    cure: 'Use a smaller model; weights in external files are not written.',
    retryable: false,
  },
  TENSOR_BAD_DIMS: {
    cause: 'The dimensions of a tensor are impossible.',
    cure: 'Export the model again; every dimension of a stored tensor is zero or more.',
    retryable: false,
  },
  TENSOR_SIZE_MISMATCH: {
    cause: 'A tensor holds another number of elements than its dimensions say.',
    cure: 'Export the model again; the file was damaged or edited.',
    retryable: false,
  },
  TENSOR_TYPE_UNSUPPORTED: {
    cause: 'A tensor has an element type that Kneepoint does not compute with.',
    cure: 'Export the model with float, float16, bfloat16, double, integer or boolean tensors.',
    retryable: false,
  },
  TENSOR_WEIGHTS_DROPPED: {
    cause: 'The values of a tensor were left out of this copy of the model.',
    cure: 'Use the full model where weights are read.',
    retryable: false,
  },
  TENSOR_EXTERNAL: {
    cause: 'The values of a tensor lie in another file that was not read.',
    cure: 'Read the model together with its external data.',
    retryable: false,
  },
  EXTERNAL_DATA_LOCATION: {
    cause: 'A tensor points to a file outside the folder of the model.',
    cure: 'Keep external data beside the model and name it by a relative path.',
    retryable: false,
  },
  EXTERNAL_DATA_RANGE: {
    cause: 'The part of an external file that a tensor names does not fit its dimensions.',
    cure: 'Copy the model again together with its external data.',
    retryable: false,
  },
  ATTRIBUTE_MISSING: {
    cause: 'An operator lacks an attribute that it must have.',
    cure: 'Export the model again; the ONNX checker names the attribute too.',
    retryable: false,
  },
  ATTRIBUTE_TYPE: {
    cause: 'An attribute of an operator has another type than the operator takes.',
    cure: 'Export the model again; the ONNX checker names the attribute too.',
    retryable: false,
  },
  GRAPH_CYCLE: {
    cause: 'The nodes of the graph depend on each other in a circle.',
    cure: 'Export the model again; an ONNX graph has no cycles.',
    retryable: false,
  },
  GRAPH_DANGLING_INPUT: {
    cause: 'A node or output uses a value that nothing makes.',
    cure: 'Export the model again; every value is an input, a weight or the output of a node.',
    retryable: false,
  },
  GRAPH_DUPLICATE_VALUE: {
    cause: 'One value is made twice.',
    cure: 'Export the model again; every value has one producer.',
    retryable: false,
  },
  GRAPH_UNKNOWN_DOMAIN: {
    cause: 'The model uses operators that are not standard ONNX.',
    cure: 'Export the model without custom operators.',
    retryable: false,
  },
  GRAPH_NO_OUTPUT: {
    cause: 'The graph has no output.',
    cure: 'Export the model again and name what it computes as outputs.',
    retryable: false,
  },
  GRAPH_SPARSE_WEIGHTS: {
    cause: 'The model stores weights as sparse tensors.',
    cure: 'Export the model with dense weights.',
    retryable: false,
  },
  WEIGHT_NOT_FINITE: {
    cause: 'A weight is NaN or infinite.',
    cure: 'Train or export the model again; no figure computed from it would mean anything.',
    retryable: false,
  },
  MODEL_INPUT_COUNT: {
    cause: 'The model does not have exactly one input.',
    cure: 'Export the model with one image input and everything else fixed as constants.',
    retryable: false,
  },
  MODEL_INPUT_TYPE: {
    cause: 'The input of the model is not a float tensor.',
    cure: 'Export the model with a float32 image input.',
    retryable: false,
  },
  MODEL_INPUT_SHAPE: {
    cause: 'The input of the model is not a batch of images.',
    cure: 'Export the model with an input of batch × channels × height × width, 1 or 3 channels and a fixed size.',
    retryable: false,
  },
  MODEL_BUILD: {
    cause: 'A graph was put together wrongly in code.',
    cure: 'Correct the call that the message names.',
    retryable: false,
  },
  COST_SHAPE_MISSING: {
    cause: 'The shape of a value that the cost of an operator depends on is not known.',
    cure: 'Give the shape of every value, at batch 1.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
