/**
 * What multiples of 4 and of 8 do to the time of a network that is cut by half: one image, one thread, all of them in one interleaved run.
 *
 *   npx tsx bench/widths/run.ts [NAME …]
 *
 * The networks are those of test/zoo below thirty million parameters, with drawn weights: widths and times do not depend on them.
 */
import { analyzeChannels, l1Plan, multipleFor, prune } from '@kneepoint/pruning';
import { measureLatency, shapesOf } from '@kneepoint/runtime';
import { ZOO } from '../../test/zoo/networks/index.ts';
import { machine } from '../support/machine.ts';

const RATIO = 0.5;
const MULTIPLES = [1, 4, 8];
const MOST_PARAMETERS = 30e6;
/** Share of time over share of MACs that is wanted. */
const WANTED = 1.5;

const names = process.argv.slice(2);
const networks = Object.entries(ZOO).filter(
  ([name, { parameters }]) => (names.length === 0 || names.includes(name)) && parameters < MOST_PARAMETERS,
);
console.log(`${machine()}; ONNX Runtime on the CPU, one thread; the default is a multiple of ${multipleFor('cpu')}\n`);
console.log(
  `| network | MACs left, as cut / of 4 / of 8 | time, share of the original's: as cut | of 4 | of 8 | of 4 ÷ as cut | time ÷ MACs, of 4 |`,
);
console.log('|---|---|---:|---:|---:|---:|---:|');
for (const [name, { make, size }] of networks) {
  const model = make(1, size);
  const shapes = await shapesOf(model);
  const analysis = analyzeChannels(model, shapes);
  const plans = MULTIPLES.map((roundTo) => l1Plan(model, analysis, RATIO, { roundTo }));
  const cuts = plans.map((plan, i) => ({ name: `of ${MULTIPLES[i]}`, model: prune(model, shapes, plan) }));
  const latency = await measureLatency([{ name: 'whole', model }, ...cuts], { provider: 'cpu', threads: 1, runs: 30 });
  const shares = cuts.map((cut) => latency[cut.name]!.p50 / latency['whole']!.p50);
  const macs = plans.map(({ before, after }) => after.macs / before.macs);
  const [asCut, ofFour] = shares as [number, number, number];
  const ratio = ofFour / macs[1]!;
  console.log(
    `| ${[
      name,
      macs.map(two).join(' / '),
      ...shares.map(two),
      two(ofFour / asCut),
      `${two(ratio)}${ratio > WANTED ? ' (above 1.5)' : ''}`,
    ].join(' | ')} |`,
  );
}

function two(value: number): string {
  return value.toFixed(2);
}
