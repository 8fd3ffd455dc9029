import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** LSTM, GRU and RNN over steps × images × channels: the input weights lose the channels; what comes out stays whole. */
export const recurrent: Rule = (site) => {
  const value = site.input(0);
  if (!value || !site.constant(1)) return stop(site, 'has computed weights');
  for (const other of [4, 5, 6, 7]) {
    const state = site.input(other);
    if (state) site.freeze(state.labels, 'begins with it');
  }
  const labels = site.along(value, 2, 'steps along an axis that carries channels');
  site.cut(1, { kind: 'axis', axis: 2, labels });
  site.consume(0, 2, labels);
  const { batch } = value;
  const outputs = site.node.output.map((_, i) => site.fixed(site.knownDims(i)?.length ?? 0, 'is recurrent'));
  // All states have an axis for directions between the steps and the images; the last state has no steps.
  site.batch = batch !== 1 ? -1 : site.node.output[0] ? 2 : 1;
  return outputs;
};
