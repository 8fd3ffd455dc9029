import { type DeclaredForm, imageAxes, type ImageSize, isFree, type SizeAxes } from '@kneepoint/onnx';

/** What was seen of a network at a size that nobody asked for; unknown where the original does not run there itself. */
export type SizeVerdict = 'holds' | 'differs' | 'unknown';

/** Pixels that another size is larger by: networks halve their maps up to five times. */
const LARGER = 32;
/** Lengths that are tried, one after the other: what halves its maps more often takes twice its length. */
const OTHERS: readonly ((length: number) => number)[] = [(length) => length + LARGER, (length) => 2 * length];

/**
 * Which of the lengths that a file leaves open a network follows, when it is worked on at one size. Both together are tried first; where
 * they do not hold, each alone, as in readers of lines of text, which take one height and any width.
 */
export async function sizesThatHold(
  { height, width }: ImageSize,
  open: SizeAxes,
  tried: (size: ImageSize) => Promise<SizeVerdict>,
): Promise<SizeAxes> {
  const along = async (axes: SizeAxes): Promise<SizeVerdict> => {
    for (const other of OTHERS) {
      const verdict = await tried({
        height: axes.height ? other(height) : height,
        width: axes.width ? other(width) : width,
      });
      if (verdict !== 'unknown') return verdict;
    }
    return 'unknown';
  };
  if (!open.height && !open.width) return open;
  const together = await along(open);
  if (together === 'holds') return open;
  const none = { height: false, width: false };
  if (!open.height || !open.width) return none;
  const tall = (await along({ height: true, width: false })) === 'holds';
  const wide = (await along({ height: false, width: true })) === 'holds';
  return tall && wide && together === 'differs' ? none : { height: tall, width: wide };
}

/** What its user should know of a file that no longer takes all the sizes that it declared; undefined where it does. */
export function fixedSizeNote(size: ImageSize, open: SizeAxes, free: SizeAxes): string | undefined {
  const fixed = (['height', 'width'] as const).filter((axis) => open[axis] && !free[axis]);
  const [axis] = fixed;
  if (axis === undefined) return undefined;
  const other = axis === 'height' ? 'width' : 'height';
  if (fixed.length === 1 && free[other])
    return `The written file takes images of ${axis} ${size[axis]} alone, and of any ${other}: its shapes do not follow another ${axis}.`;
  return `The written file takes images of ${size.height} × ${size.width} alone: its shapes do not follow another size.`;
}

/** Which of height and width the file of a network leaves open. */
export function openSizeOf(form: DeclaredForm): SizeAxes {
  const dims = form.inputs.find(({ name }) => name === form.image)!.dims.map((dim) => dim ?? undefined);
  const axes = imageAxes(dims);
  return {
    height: axes !== undefined && isFree(dims[axes.height]),
    width: axes !== undefined && isFree(dims[axes.width]),
  };
}
