import { Failure } from '@kneepoint/failures';
import { tensorNumbers } from '@kneepoint/onnx';
import type { Site } from './rule.ts';

/** The failure of a rule that knows the operator but not this use of it. */
export function refused(site: Site, why: string): Failure {
  return new Failure('AUTODIFF_OPERATOR', `${site.node.opType} has no derivative here: ${why}`, {
    where: `node ${site.name}`,
    fix: 'Freeze the layers before this node, or train the head only.',
  });
}

/** The integers of an operand, undefined where it is absent. Throws AUTODIFF_OPERATOR when they are computed by the graph. */
export function integers(site: Site, input: number): readonly number[] | undefined {
  if ((site.inputs[input] ?? '') === '') return undefined;
  const tensor = site.constant(input);
  if (!tensor) throw refused(site, `its operand ${input} is computed by the graph`);
  return tensorNumbers(tensor);
}

/** An axis counted from the front. */
export function frontAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** One entry for each input: what `make` gives for those whose gradient is needed. */
export function forWanted(
  site: Site,
  make: (input: number, shape: readonly number[]) => string | undefined,
): readonly (string | undefined)[] {
  return site.inputs.map((value, i) => (site.wants(i) ? make(i, site.emit.shape(value)) : undefined));
}
