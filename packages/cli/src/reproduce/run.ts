import { basename, join } from 'node:path';
import { RegisterReproductionDocument, uploadFile } from '@kneepoint/client/node';
import { claimsOf, figuresOf, LABEL, pageOf, type Profile, type Reproduction } from '@kneepoint/reproduction';
import { follow } from '../client/runs.ts';
import { writeTextFile } from '../write-text-file.ts';
import type { Lab } from './lab.ts';
import { type OwnData, ownStages, ownSubjects } from './own-subjects.ts';
import { measure, measureStages } from './reproduce.ts';
import { Stages } from './stages.ts';
import { primaryStages, trainPrimaries } from './train-primaries.ts';

export interface ReproductionRequest extends Pick<Lab, 'connection' | 'signal' | 'folder' | 'name' | 'labels'> {
  /** Where the page goes too, with figures and results in a folder of its name beside it. */
  readonly page?: string | undefined;
  readonly profile: Profile;
  /** A user's data and networks in place of drawn faces. */
  readonly own: OwnData | undefined;
}

export interface ReproductionMade {
  readonly results: Reproduction;
  /** Claims, a line each. */
  readonly summary: string;
  readonly files: readonly string[];
  /** The run that keeps it. */
  readonly runId: string;
}

/** Makes or imports what is studied, measures it, and writes results, figures and the page; the gateway keeps them too. */
export async function runReproduction(request: ReproductionRequest): Promise<ReproductionMade> {
  const results = await (request.own === undefined ? ofDrawnFaces(request) : ofOwnData(request, request.own));
  const written = await writeReproduction(results, request);
  return { ...written, runId: await keep(request) };
}

/** Hands the results to the gateway, where the page shows them. */
async function keep({ connection: { client }, signal, folder, name, labels }: ReproductionRequest): Promise<string> {
  const upload = await uploadFile(client, join(folder, RESULTS), { signal });
  const said = { name, labels: [...labels, { key: LABEL, value: name }] };
  const { run } = await client.mutate(RegisterReproductionDocument, { input: { upload, run: said } });
  return (await follow(client, run, 'keep the results', signal)).id;
}

const RESULTS = 'results.json';

async function ofDrawnFaces({ profile, ...place }: ReproductionRequest): Promise<Reproduction> {
  const names = [...profile.primaries.map((task) => `vgg-${task}`), ...(profile.light ? ['light-yaw'] : [])];
  const stages = new Stages([...primaryStages(profile), ...measureStages(profile, names)]);
  const lab: Lab = { ...place, profile, stages };
  return measure(lab, await trainPrimaries(lab));
}

async function ofOwnData({ profile, ...place }: ReproductionRequest, data: OwnData): Promise<Reproduction> {
  const importing: Lab = { ...place, profile, stages: new Stages(ownStages()) };
  const subjects = await ownSubjects(importing, data);
  const own = ownProfile(
    profile,
    subjects.tasks.map(({ name }) => name),
    subjects.images,
  );
  const stages = new Stages(
    measureStages(
      own,
      subjects.networks.map(({ figures }) => figures.name),
    ),
  );
  return measure({ ...place, profile: own, stages }, subjects);
}

/** Networks of others are as small as they are: what the successor of the paper asks of parameters is asked of multiply-accumulates. */
const OWN_SMALL_SHARE = 0.97;

/** Every task is cut and has its small network; the first two stand for a localised and a spread one, whichever they are. */
function ownProfile(profile: Profile, tasks: readonly string[], images: number): Profile {
  const [first, second] = tasks;
  const others = tasks.filter((task) => task !== 'identity');
  return {
    ...profile,
    ...{ name: 'own', faces: 0, persons: 0, smaller: images, size: 0, primaries: [], widths: [] },
    ...{ localised: others[0] ?? first!, spread: others[1] ?? second ?? first! },
    // Few images want many passes: as many as heads get.
    smallEpochs: profile.headEpochs === null ? null : profile.smallEpochs,
    ...{ ruled: others, small: tasks, smallShare: OWN_SMALL_SHARE, ranked: [], light: false, wide: null },
    agnostic: tasks.includes('identity') ? (others[0] ?? null) : null,
  };
}

/** `results.json`, `figures/*.svg` and `reproduction.md`, all of them made of the results alone. */
export async function writeReproduction(
  results: Reproduction,
  { folder, page }: Pick<ReproductionRequest, 'folder' | 'page'>,
): Promise<Omit<ReproductionMade, 'runId'>> {
  const claims = claimsOf(results);
  const figures = figuresOf(results);
  const files: string[] = [];
  const write = async (path: string, text: string): Promise<void> => {
    files.push(path);
    await writeTextFile(path, text);
  };
  const writeAll = async (page: string, data: string, drawings: string): Promise<void> => {
    await write(data, `${JSON.stringify(results, null, 1)}\n`);
    for (const { name, svg } of figures) await write(join(drawings, `${name}.svg`), `${svg}\n`);
    await write(page, pageOf(results, claims, figures, basename(drawings)));
  };
  await writeAll(join(folder, 'reproduction.md'), join(folder, RESULTS), join(folder, 'figures'));
  if (page !== undefined) {
    const beside = page.replace(/\.md$/i, '');
    await writeAll(page, join(beside, RESULTS), beside);
  }
  return { results, summary: claims.map(({ verdict, said }) => `${verdict}: ${said}`).join('\n'), files };
}
