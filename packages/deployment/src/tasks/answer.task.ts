import { writeFile } from 'node:fs/promises';
import { encodeModel, seededRandom } from '@kneepoint/onnx';
import { readModelFile } from '@kneepoint/runtime';
import type { AnswerKind } from '@kneepoint/workflow';
import { proveAnswers } from '../answers/prove-answers.ts';
import { withAnswers } from '../answers/with-answers.ts';
import { drawnPlanes, feedsOf, imageInput } from '../network/image-input.ts';
import { networkFacts } from '../network/network-facts.ts';

export interface AnswerTaskInput {
  readonly path: string;
  readonly kind: AnswerKind;
  readonly out: string;
}

/** Batches of noise that both networks are run on. */
const BATCHES = 4;

/** Puts answers into a network's graph, proves them (see `proveAnswers`) and writes the file. */
export default async function answer({ path, kind, out }: AnswerTaskInput): Promise<Record<string, never>> {
  const raw = await readModelFile(path);
  const answering = withAnswers(raw, kind);
  const { preprocess } = networkFacts(raw);
  const input = imageInput(raw, preprocess);
  const random = seededRandom(1);
  const feeds = Array.from({ length: BATCHES }, () => feedsOf(raw, input, drawnPlanes(input, preprocess, random)));
  if (answering !== raw) await proveAnswers(raw, answering, feeds);
  await writeFile(out, encodeModel(answering));
  return {};
}
