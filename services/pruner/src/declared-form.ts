import { Failure } from '@kneepoint/failures';
import {
  declareAs,
  dimsOf,
  freeBatch,
  Graph,
  type ImageSize,
  inputFeeds,
  isFree,
  type ModelProto,
  sizedDims,
} from '@kneepoint/onnx';
import { answersAlike, mask, type Plan, type RunModel, type Shapes } from '@kneepoint/pruning';
import { drawnFeeds } from './prove-surgery.ts';

/** The batch that a written file is to have: any, or so many images. */
export type WantedBatch = 'free' | number;

export interface ChosenBatch {
  /** The model to work on. */
  readonly model: ModelProto;
  /** What its leading lengths are declared as in the end; absent where they stay as the original has them. */
  readonly batch?: string | number;
  /** Inputs and outputs that lead with the batch. */
  readonly leads: ReadonlySet<string>;
}

const FREE = 'N';

/**
 * A network that is fixed at one image is worked on as it is. Another batch is made free for the work where it can be, so that figures are
 * for one image. Throws ONNX_BATCH_FIXED where another batch is asked for than the network can take.
 */
export function chooseBatch(model: ModelProto, wanted: WantedBatch | undefined): ChosenBatch {
  const fed = new Graph(model).inputs;
  const [first] = dimsOf(fed[0]!);
  const kept = { model, leads: new Set<string>() };
  if (wanted === undefined && (first === undefined || isFree(first) || first === 1)) return kept;
  const isFreeAlready = fed.every((input) => isFree(dimsOf(input)[0]));
  const {
    model: freed,
    freed: could,
    reason,
  } = isFreeAlready ? { model, freed: true, reason: undefined } : freeBatch(model);
  if (!could) {
    if (wanted === undefined || wanted === first) return kept;
    throw new Failure('ONNX_BATCH_FIXED', `the batch size is fixed at ${first} and cannot be made free: ${reason}`, {
      where: new Graph(model).inputs.map(({ name }) => name).join(', '),
      fix: `leave --batch away: the written file then takes ${first} at a time, as the original does`,
    });
  }
  if (wanted === undefined) return { ...kept, model: freed };
  const { inputs, outputs } = new Graph(freed);
  const leads = new Set([...inputs, ...outputs].flatMap((v) => (isFree(dimsOf(v)[0]) ? [v.name] : [])));
  return { model: freed, batch: wanted === 'free' ? FREE : wanted, leads };
}

export interface WrittenFrom extends ChosenBatch {
  readonly original: ModelProto;
  readonly size?: ImageSize;
  readonly shapes: Shapes;
  readonly plan: Plan;
  readonly run: RunModel;
  readonly seed: number;
}

/** Pixels that the other size is larger by: networks halve their maps up to five times. */
const LARGER = 32;

/**
 * The cut network, declared as the original is. Where height and width were free, it is compared with masking at a second size, and stays
 * fixed at the first one where the cut does not hold there.
 */
export async function asWritten(
  cut: ModelProto,
  from: WrittenFrom,
): Promise<{ readonly model: ModelProto; readonly notes: readonly string[] }> {
  const { original, batch, leads, size } = from;
  const declared = declareAs(cut, original, { leads, shapes: from.shapes, ...(batch === undefined ? {} : { batch }) });
  if (!size || !hasFreeSize(original) || (await holdsElsewhere(cut, from, size))) {
    return { model: declared, notes: [] };
  }
  const fixed = new Map(inputFeeds(cut, { size }).map(({ name, dims }) => [name, dims]));
  for (const input of declared.graph!.input) {
    const type = input.type?.value;
    if (type?.case !== 'tensorType') continue;
    // What nothing reads is declared, not fed: it stays as it was.
    const sizes = fixed.get(input.name);
    type.value.shape?.dim.forEach((dim, axis) => {
      const length = sizes?.[axis];
      if (axis > 0 && length !== undefined && isFree(dimsOf(input)[axis]))
        dim.value = { case: 'dimValue', value: BigInt(length) };
    });
  }
  const note = `The written file takes images of ${size.height} × ${size.width} alone: its shapes do not follow another size.`;
  return { model: declared, notes: [note] };
}

function hasFreeSize(model: ModelProto): boolean {
  const probe: ImageSize = { height: 1, width: 1 };
  return new Graph(model).inputs.some((input) => {
    const dims = dimsOf(input);
    return sizedDims(dims, probe).some((dim, axis) => dim !== dims[axis]);
  });
}

async function holdsElsewhere(
  cut: ModelProto,
  { model, shapes, plan, run, seed }: WrittenFrom,
  { height, width }: ImageSize,
): Promise<boolean> {
  const size = { height: height + LARGER, width: width + LARGER };
  const batches = drawnFeeds(model, { seed, size });
  try {
    return await answersAlike(mask(model, shapes, plan), cut, { batches, run, seed });
  } catch (error) {
    // Neither graph need run at a size that nobody asked for.
    if (error instanceof Failure) return false;
    throw error;
  }
}
