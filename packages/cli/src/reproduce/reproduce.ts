import type {
  CellResult,
  CutResult,
  Profile,
  Reproduction,
  SmallResult,
  TransferResult,
} from '@kneepoint/reproduction';
import { machineFacts } from '@kneepoint/runtime';
import { cutByRule, cutSmall, makeAgnostic } from './cut.ts';
import type { Lab, Subject, Subjects } from './lab.ts';
import { analyse, curvesOf, EPSILON, distributionOf, matrixOf, rankingOf, transferTo } from './measure.ts';
import { readResponses } from './responses.ts';
import type { Stage } from './stages.ts';

/** Whose filters the agnostic network loses. */
const AVOIDED = 'identity';

/** What is measured once there are networks and data, with guesses for two quiet cores. */
export function measureStages(profile: Profile, networks: readonly string[]): readonly Stage[] {
  const { smaller, satelliteEpochs, name } = profile;
  const training = 6 + (smaller * satelliteEpochs) / (name === 'full' ? 500 : 1_400);
  const analysis = name === 'quick' ? 3 + smaller / 180 : 8 + smaller / 110;
  return [
    ...networks.map((network) => ({ name: `analyse ${network}`, seconds: analysis })),
    { name: 'read matrix and curves', seconds: 5 },
    ...profile.small.map((task) => ({
      name: `heads for ${task}`,
      seconds: 5 + ((profile.headEpochs ?? 40) * smaller) / 3000,
    })),
    { name: 'time least squares', seconds: 5 + smaller / 600 },
    ...profile.ruled.map((task) => ({ name: `cut for ${task} by the paper's rule`, seconds: 20 + 4 * training })),
    ...profile.small.map((task) => ({ name: `small network for ${task}`, seconds: 10 + 2.5 * training })),
    ...(profile.light ? [{ name: 'cut max-feature-map for yaw', seconds: 12 + 2 * training }] : []),
    ...(profile.agnostic === null ? [] : [{ name: `network for ${profile.agnostic} that knows nobody`, seconds: 8 }]),
    ...profile.ranked.map((task) => ({ name: `finetune all for ${task}`, seconds: networks.length * training })),
  ];
}

/** Every figure and table of the paper, of these networks on these data. */
export async function measure(lab: Lab, subjects: Subjects): Promise<Reproduction> {
  const { profile, stages } = lab;
  const { networks, light, wide } = subjects;
  for (const subject of [...networks, ...(light ? [light] : [])]) {
    await stages.run(`analyse ${subject.figures.name}`, () => analyse(lab, subjects, subject));
  }
  const [first] = networks as readonly [Subject, ...Subject[]];
  const { matrix, byLayer, curves, distribution } = await stages.run('read matrix and curves', async () => ({
    ...(await matrixOf(lab, subjects)),
    curves: [
      await curvesOf(lab, subjects, first, profile.localised),
      await curvesOf(lab, subjects, first, profile.spread),
    ],
    distribution: await distributionOf(lab, subjects, first),
  }));
  const source = (task: string): Subject => sourceFor(task, networks, matrix);
  const transfer: TransferResult[] = [];
  for (const task of profile.small) {
    transfer.push(await stages.run(`heads for ${task}`, () => transferTo(lab, subjects, first, task, matrix)));
  }
  const tasks = profile.small;
  const read = await stages.run('time least squares', () =>
    readResponses(lab, subjects, first, { tasks, binned: profile.localised }),
  );
  const cuts: CutResult[] = [];
  for (const task of profile.ruled) {
    const name = `cut for ${task} by the paper's rule`;
    cuts.push(...(await stages.run(name, () => cutByRule(lab, subjects, source(task), task))));
  }
  const small: SmallResult[] = [];
  for (const task of profile.small) {
    const name = `small network for ${task}`;
    const made = await stages.run(name, () => cutSmall(lab, subjects, wide ?? source(task), task));
    if (made) small.push(made);
  }
  const lightCuts = light
    ? await stages.run('cut max-feature-map for yaw', () => cutByRule(lab, subjects, light, 'yaw', [EPSILON]))
    : [];
  const agnostic =
    profile.agnostic === null
      ? null
      : await stages.run(`network for ${profile.agnostic} that knows nobody`, () =>
          makeAgnostic(lab, subjects, source(AVOIDED), { task: profile.agnostic!, avoided: AVOIDED }),
        );
  const rankings = [];
  for (const task of profile.ranked) {
    rankings.push(await stages.run(`finetune all for ${task}`, () => rankingOf(lab, subjects, task, matrix)));
  }
  const { layer, bins, explained, regressionSeconds, lastLayerSeconds, images, layers } = read;
  const { cpu, cores, memoryBytes, node } = machineFacts();
  const headSeconds = transfer.reduce((sum, entry) => sum + entry.headSeconds, 0);
  const onImagesSeconds = transfer.reduce((sum, entry) => sum + entry.onImages.seconds, 0);
  return {
    ...{ version: '1', profile, data: subjects.data, images: subjects.images },
    machine: `${cores} × ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB, Node ${node}`,
    tasks: subjects.tasks.map(({ name }) => name),
    ...{ networks: networks.map(({ figures }) => figures), wide: wide && wide.figures },
    ...{ matrix, byLayer, transfer, curves, distribution },
    timing: {
      ...{ network: first.figures.name, tasks, images, layers, regressionSeconds, lastLayerSeconds },
      headSeconds: transfer.length === 0 ? null : headSeconds,
      onImagesSeconds: transfer.length === 0 ? null : onImagesSeconds,
    },
    responses: { network: first.figures.name, layer, task: profile.localised, bins, explained },
    ...{ cuts, small, light: lightCuts, agnostic, rankings },
  };
}

/** The network that a small one for a task is cut from: the identity network, as in the paper, or else the one that reads the task best. */
function sourceFor(task: string, networks: readonly Subject[], matrix: readonly CellResult[]): Subject {
  const identity = networks.find(({ figures }) => figures.task === 'identity');
  if (identity) return identity;
  const cells = matrix.filter((cell) => cell.task === task);
  const better = (a: CellResult, b: CellResult): boolean => (a.higherIsBetter ? a.value > b.value : a.value < b.value);
  const best = cells.reduce((a, b) => (better(b, a) ? b : a));
  return networks.find(({ figures }) => figures.name === best.network)!;
}
