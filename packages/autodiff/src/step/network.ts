import { Failure } from '@kneepoint/failures';
import { Graph } from '@kneepoint/onnx';
import { Emitter } from '../emit/emitter.ts';
import type { Placed, PlaceRequest } from '../forward/place.ts';
import { placeForward, weightInput } from '../forward/place.ts';
import { prepareForward } from '../forward/prepare.ts';
import { trainableOf } from '../forward/trainable.ts';
import type { ForwardRequest } from './request.ts';

/** A network inside the graph that is being made. */
export interface PlacedNetwork {
  readonly emit: Emitter;
  readonly placed: Placed;
  readonly batch: number;
  /** The image input. */
  readonly image: string;
  /** By output of the model, its value in the graph. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Initializers that entered as weights that train, in the order of the model. */
  readonly trained: readonly string[];
  /** Initializers that entered as running statistics, in the order of the model. */
  readonly statistics: readonly string[];
}

/** Prepares a model and places it in a new graph. Throws AUTODIFF_OPERATOR, SHAPES_INCOMPLETE, MODEL_INPUT_COUNT. */
export function placeNetwork(request: ForwardRequest): PlacedNetwork {
  const { model, shapes, target = 'cpu' } = request;
  const emit = new Emitter({
    target,
    ...(request.float === undefined ? {} : { float: request.float }),
    ...(request.block === undefined ? {} : { block: request.block }),
  });
  const graph = new Graph(model);
  const [input] = graph.inputs;
  if (!input || graph.inputs.length > 1) {
    throw new Failure('MODEL_INPUT_COUNT', `the model has ${graph.inputs.length} inputs`, { where: 'graph inputs' });
  }
  const trainable = request.trainable === 'all' ? trainableOf(model) : request.trainable;
  const prepared = prepareForward(model, shapes, trainable);
  const placed = placeForward(emit, { ...prepared, trainable, training: trainingMode(request.batchNorm) });
  const image = placed.names.get(input.name)!;
  const outputs = graph.outputs.map(({ name }) => [name, placed.names.get(name)] as const);
  const missing = outputs.find(([, value]) => value === undefined);
  if (missing) {
    throw new Failure('AUTODIFF_OPERATOR', `the output ${missing[0]} does not depend on the image`, {
      where: `output ${missing[0]}`,
    });
  }
  const entered = graph.proto.initializer.map(({ name }) => name).filter((name) => emit.has(weightInput(name)));
  return {
    emit,
    placed,
    batch: emit.shape(image)[0] ?? 1,
    image,
    outputs: new Map(outputs as [string, string][]),
    trained: entered.filter((name) => trainable.has(name)),
    statistics: entered.filter((name) => !trainable.has(name)),
  };
}

/** Which nodes are in training mode; see `ForwardRequest.batchNorm`. */
function trainingMode(batchNorm: ForwardRequest['batchNorm'] = 'frozen'): PlaceRequest['training'] {
  if (typeof batchNorm === 'string') return () => batchNorm === 'train';
  return ({ opType }, name) => opType !== 'BatchNormalization' || batchNorm.has(name);
}

/** Makes the model's outputs outputs of the graph, as `output/NAME`. */
export function exposeScores({ emit, outputs }: PlacedNetwork): ReadonlyMap<string, string> {
  return new Map([...outputs].map(([name, value]) => [name, emit.namedOutput(value, `output/${name}`)]));
}
