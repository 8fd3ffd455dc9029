import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocess } from '@kneepoint/datasets';
import { download, LaunchFinetuneDocument, type TrainingFieldsFragment } from '@kneepoint/client/node';
import type { ModelProto } from '@kneepoint/onnx';
import { type Profile, SEED } from '@kneepoint/reproduction';
import { launch } from '../client/launch.ts';
import { registerDataset, registerModel } from '../client/register.ts';
import { followTrainings, trainingsOf } from '../client/trainings.ts';
import { drawFaces } from './draw-faces.ts';
import { detailsOf, type Lab, type Subject, type Subjects } from './lab.ts';
import { findDatasetRow, findModelRow } from './lookup.ts';
import type { Stage } from './stages.ts';

const PREPROCESS: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] };
const LIGHT_TASK = 'yaw';
const WIDE_TASK = 'identity';
const WIDE_STAGE = `train a larger network for ${WIDE_TASK}`;

/** Guesses for two quiet cores. */
export function primaryStages(profile: Profile): readonly Stage[] {
  const { faces, smaller, primaryEpochs, primaries, wide, name } = profile;
  const rate = name === 'full' ? 420 : 1_100;
  const seconds = 3 + ((faces - smaller) * primaryEpochs) / rate;
  return [
    { name: 'draw faces', seconds: faces / 220 },
    { name: 'import faces', seconds: 3 + faces / 800 },
    ...primaries.map((task) => ({ name: `train for ${task}`, seconds })),
    { name: `train max-feature-map for ${LIGHT_TASK}`, seconds },
    ...(wide === null
      ? []
      : [{ name: WIDE_STAGE, seconds: 3 + ((faces - smaller) * wide.epochs) / (name === 'full' ? 130 : 800) }]),
  ];
}

/** Draws faces and trains a network for each primary task on the larger part. */
export async function trainPrimaries(lab: Lab): Promise<Subjects> {
  const { connection, folder, profile, stages, signal } = lab;
  const faces = await stages.run('draw faces', () => drawFaces(profile, folder, signal));
  const importOne = async (source: string, name: string): Promise<string> =>
    (await registerDataset(connection, { source, name, run: detailsOf(lab) }, signal)).dataset!.id;
  const [all, dataset] = await stages.run('import faces', async () => [
    await importOne(faces.all, 'reproduce-faces'),
    await importOne(faces.smaller, 'reproduce-smaller'),
  ]);
  const { lightCnn, vggStyle } = await import('@kneepoint/onnx');
  const { size, wide, primaryEpochs: epochs } = profile;
  const vgg = (widths: Profile['widths']): ModelProto => vggStyle({ size, seed: SEED, widths, batchNorm: true });
  const networks: Subject[] = [];
  for (const task of profile.primaries) {
    const wanted = { dataset: all, task, epochs, fresh: vgg(profile.widths), name: `vgg-${task}` };
    networks.push(await stages.run(`train for ${task}`, () => trainOne(lab, wanted)));
  }
  const light = await stages.run(`train max-feature-map for ${LIGHT_TASK}`, () =>
    trainOne(lab, {
      ...{ dataset: all, task: LIGHT_TASK, epochs, name: `light-${LIGHT_TASK}` },
      fresh: lightCnn({ size, seed: SEED, widths: profile.lightWidths }),
    }),
  );
  const large =
    wide === null
      ? null
      : await stages.run(WIDE_STAGE, () =>
          trainOne(lab, {
            ...{ dataset: all, task: WIDE_TASK, epochs: wide.epochs, name: `vgg-wide-${WIDE_TASK}` },
            fresh: vgg(wide.widths),
          }),
        );
  return {
    ...{ networks, light, wide: large, dataset, folder: faces.smaller, images: profile.smaller },
    tasks: (await findDatasetRow(connection.client, dataset)).tasks,
    data: `${profile.faces} drawn faces of ${profile.persons} people, ${profile.size} × ${profile.size}`,
  };
}

interface Wanted {
  readonly dataset: string;
  readonly task: string;
  readonly epochs: number;
  readonly fresh: ModelProto;
  readonly name: string;
}

async function trainOne(lab: Lab, { dataset, task, epochs, fresh, name }: Wanted): Promise<Subject> {
  const { connection, folder, signal } = lab;
  const { client } = connection;
  const { encodeModel } = await import('@kneepoint/onnx');
  const freshFile = join(folder, `${name}-fresh.onnx`);
  await writeFile(freshFile, encodeModel(fresh));
  const said = { preprocess: PREPROCESS, run: detailsOf(lab) };
  const model = (await registerModel(connection, { ...said, file: freshFile, name: `${name}-fresh` }, signal)).model!
    .id;
  const input = {
    ...{ model, dataset, tasks: [task], mode: 'SCRATCH' as const, run: detailsOf(lab) },
    training: { epochs, patience: 0, seed: SEED },
  };
  const { run } = await launch(client, LaunchFinetuneDocument, input);
  const done = await followTrainings(client, run, `train ${name}`, signal);
  const [trained] = await trainingsOf(client, done.id);
  const file = join(folder, `${name}.onnx`);
  await download(client, trained!.model!, file);
  const registered = await registerModel(connection, { ...said, file, name, primaryTask: task }, signal);
  const { id, parameters, macs, taps } = await findModelRow(client, registered.model!.id, name);
  return {
    ...{ model: id, file, layers: taps.map(({ layer }) => layer) },
    figures: { name, task, parameters, macs, own: ownFigures(trained!) },
  };
}

function ownFigures({ results, seconds }: TrainingFieldsFragment): NonNullable<Subject['figures']['own']> {
  const { metric, higherIsBetter, test, chance } = results[0]!;
  return { metric, higherIsBetter, value: test, chance, seconds: seconds! };
}
