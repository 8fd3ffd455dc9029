import { Failure } from '@kneepoint/failures';
import {
  declareAs,
  dimsOf,
  freeBatch,
  Graph,
  imageAxes,
  type ImageSize,
  inputFeeds,
  isFree,
  type ModelProto,
  type SizeAxes,
  sizedDims,
} from '@kneepoint/onnx';
import { mask, type Plan, type ProofBatch, type RunModel, type Shapes } from '@kneepoint/pruning';
import { fixedSizeNote, sizesThatHold, type SizeVerdict } from '@kneepoint/runtime';
import { drawnFeeds, verdictAtSize } from './prove-surgery.ts';

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

/**
 * The cut network, declared as the original is. Where lengths were free, it is compared with masking at others, and stays fixed along those
 * axes that it does not follow.
 */
export async function asWritten(
  cut: ModelProto,
  from: WrittenFrom,
): Promise<{ readonly model: ModelProto; readonly notes: readonly string[] }> {
  const { original, batch, leads, size } = from;
  const declared = declareAs(cut, original, { leads, shapes: from.shapes, ...(batch === undefined ? {} : { batch }) });
  const open = openSize(original);
  if (!size || !(open.height || open.width)) return { model: declared, notes: [] };
  const free = await sizesThatHold(size, open, (other) => verdictOf(cut, from, other));
  const note = fixedSizeNote(size, open, free);
  if (note === undefined) return { model: declared, notes: [] };
  const fixed = new Map(inputFeeds(cut, { size }).map(({ name, dims }) => [name, dims]));
  for (const input of declared.graph!.input) {
    const type = input.type?.value;
    if (type?.case !== 'tensorType') continue;
    const shown = dimsOf(input);
    const axes = imageAxes(shown);
    // What nothing reads is declared, not fed: it stays as it was.
    const sizes = fixed.get(input.name);
    type.value.shape?.dim.forEach((dim, axis) => {
      const length = sizes?.[axis];
      const follows = (free.height && axis === axes?.height) || (free.width && axis === axes?.width);
      if (axis > 0 && length !== undefined && isFree(shown[axis]) && !follows)
        dim.value = { case: 'dimValue', value: BigInt(length) };
    });
  }
  return { model: declared, notes: [note] };
}

/** Which of height and width some input leaves open; every other free length is that of a square. */
function openSize(model: ModelProto): SizeAxes {
  const probe: ImageSize = { height: 1, width: 1 };
  const open = new Graph(model).inputs.flatMap((input) => {
    const dims = dimsOf(input);
    const axes = imageAxes(dims);
    return sizedDims(dims, probe).flatMap((dim, axis) =>
      dim === dims[axis] ? [] : [axis === axes?.height ? 'height' : axis === axes?.width ? 'width' : 'both'],
    );
  });
  const along = (axis: string): boolean => open.includes(axis) || open.includes('both');
  return { height: along('height'), width: along('width') };
}

async function verdictOf(
  cut: ModelProto,
  { model, shapes, plan, run, seed }: WrittenFrom,
  size: ImageSize,
): Promise<SizeVerdict> {
  let batches: readonly ProofBatch[];
  try {
    batches = drawnFeeds(model, { seed, size });
  } catch (error) {
    // A length of what is no image has no two values.
    if (error instanceof Failure) return 'unknown';
    throw error;
  }
  return verdictAtSize(mask(model, shapes, plan), cut, { batches, run, seed });
}
