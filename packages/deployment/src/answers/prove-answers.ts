import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import {
  encodeModel,
  Graph,
  GraphBuilder,
  type ModelProto,
  seededRandom,
  StringStringEntryProtoSchema,
  widenFloat16,
} from '@kneepoint/onnx';
import { type Dense, openSession } from '@kneepoint/runtime';
import { hostAnswers } from './host-answers.ts';
import { ANSWERS_ENTRY, type AnswersEntry, networkFacts, type NetworkFacts } from '../network/network-facts.ts';
import { addAnswers, leastFloat } from './with-answers.ts';

/** Largest difference of a probability from what a host computes in double precision. */
export const PROBABILITY_TOLERANCE = 1e-6;
const ROWS = 512;

/**
 * That a network with answers in its graph answers as a host does that reads the scores of the network without: labels alike to the last one,
 * probabilities within 1e-6, values to the bit. First what was appended, by itself, on scores at and beside every threshold and edge; then
 * both networks, on what they are fed. Throws INTERNAL with what differs.
 * @param feeds of the image input, batch by batch; other inputs with their zeros
 */
export async function proveAnswers(
  raw: ModelProto,
  answering: ModelProto,
  feeds: readonly Readonly<Record<string, Dense>>[],
): Promise<void> {
  const facts = networkFacts(raw);
  const entry = networkFacts(answering).answers!;
  await proveTail(facts, entry, new Graph(raw).opset);
  const [before, after] = [await openSession(encodeModel(raw)), await openSession(encodeModel(answering))];
  try {
    const [output] = before.outputs;
    for (const feed of feeds) {
      const scores = floats((await before.run(feed))[output!.name]!);
      compare(await after.run(feed), scores, facts, entry);
    }
  } finally {
    await before.release();
    await after.release();
  }
}

async function proveTail(facts: NetworkFacts, { kind, outputs }: AnswersEntry, opset: number): Promise<void> {
  const width = facts.tasks.reduce((sum, { targets }) => sum + targets.length, 0);
  const net = new GraphBuilder({ opset });
  const scores = net.input('scores of the network', ['N', width]);
  net.output(scores, ['N', width]);
  const model = net.build();
  const made = addAnswers(model.graph!, { scores, lead: 'N' }, facts, kind);
  model.metadataProps.push(
    create(StringStringEntryProtoSchema, { key: ANSWERS_ENTRY, value: JSON.stringify({ kind, outputs: made }) }),
  );
  const data = drawnScores(facts, width);
  const session = await openSession(encodeModel(model));
  try {
    compare(await session.run({ [scores]: { data, dims: [ROWS, width] } }), data, facts, { kind, outputs: made });
  } finally {
    await session.release();
  }
  if (made.length !== outputs.length) throw new Failure('INTERNAL', 'the file has other answers than were proved');
}

/** Scores at random, every second one at a bound that decides or one step of float32 beside it; every eighth row the same in all columns. */
function drawnScores({ tasks, thresholds }: NetworkFacts, width: number): Float32Array {
  const random = seededRandom(1);
  const bounds = tasks.flatMap(({ targets, bins }, i) =>
    targets.map((_, k) => bins?.[k] ?? [thresholds[i]?.[k] ?? 0.5]),
  );
  const data = new Float32Array(ROWS * width);
  for (let at = 0; at < data.length; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const own = bounds[column]!;
    const bound = own[Math.floor(random.uniform() * own.length)]!;
    const least = leastFloat(bound);
    const spread = 2 * Math.max(1, Math.abs(bound));
    const near = [least, Math.fround(least * (1 - 2 ** -23)), Math.fround(least * (1 + 2 ** -23)), Math.fround(bound)];
    data[at] =
      row % 8 === 7 && column > 0
        ? data[at - column]!
        : random.uniform() < 0.5
          ? near[Math.floor(4 * random.uniform())]!
          : bound + spread * (2 * random.uniform() - 1);
  }
  return data;
}

function compare(
  results: Readonly<Record<string, Dense>>,
  scores: ArrayLike<number>,
  facts: NetworkFacts,
  { kind, outputs }: AnswersEntry,
): void {
  const wanted = hostAnswers(scores, facts, kind);
  outputs.forEach(({ name, gives }, i) => {
    const found = Array.from(results[name]!.data as ArrayLike<number | bigint>, Number);
    const { values, task } = wanted[i]!;
    const tolerance = gives === 'probability' ? PROBABILITY_TOLERANCE : 0;
    const at = values.findIndex((value, k) => !(Math.abs(value - found[k]!) <= tolerance));
    if (at < 0 && found.length === values.length) return;
    throw new Failure('INTERNAL', `the graph answers ${found[at]} of "${task}" where the scores say ${values[at]}`);
  });
}

/** A network's scores as numbers; half precision comes as its codes. */
export function floats({ data }: Dense): Float32Array {
  return data instanceof Uint16Array ? widenFloat16(data) : (data as Float32Array);
}
