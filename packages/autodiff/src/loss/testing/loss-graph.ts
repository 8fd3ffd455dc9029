import { DataType } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import { Emitter } from '../../emit/emitter.ts';
import { emitLosses } from '../emit-losses.ts';
import type { LossTerm } from '../loss.ts';

export type Row = readonly number[];

/** Losses of `answers` (the output y) that are fed: `total`, each term by name, and `gradient` with respect to the answers. */
export async function lossGraph(terms: readonly LossTerm[], dims: readonly number[], float = DataType.DOUBLE) {
  const emit = new Emitter({ float });
  const answers = emit.input('answers', dims);
  const { total, terms: values, seeds } = emitLosses(emit, terms, new Map([['y', answers]]));
  emit.namedOutput(total, 'total');
  for (const [name, value] of values) emit.namedOutput(value, name);
  emit.namedOutput(seeds.get('y')!, 'gradient');
  const session = await openSession(emit.build(), { threads: 1 });
  const Numbers = float === DataType.DOUBLE ? Float64Array : Float32Array;
  return {
    release: () => session.release(),
    run: async (feeds: Readonly<Record<string, Row>>): Promise<Record<string, number[]>> => {
      const inputs = Object.fromEntries(
        session.inputs.map(({ name, dims: size }) => [
          name,
          { dims: size as number[], data: Numbers.from(feeds[name]!) },
        ]),
      );
      const results = await session.run(inputs);
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float64Array)]),
      );
    },
  };
}
