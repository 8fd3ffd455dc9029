import { access, copyFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CharacteristicCurvesDocument, LaunchAnalysisDocument, TaskRelationshipsDocument } from '@kneepoint/client';
import { createClient } from '@kneepoint/client/node';
import type { Command } from 'commander';
import { importsOf, toEnvironment } from '../client/connect.ts';
import { launch } from '../client/launch.ts';
import { registerDataset, registerModel } from '../client/register.ts';
import { follow, reportOf } from '../client/runs.ts';
import { interruptSignal } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { renderResult } from '../render/report.ts';
import { renderCurve } from './curves.ts';
import { type MatrixView, renderMatrix } from './matrix.ts';
import { readNumber } from './numbers.ts';
import { compress } from './compress.ts';
import { saveAll } from './prune.ts';
import { aborted } from './up.ts';

interface DemoOptions {
  readonly dataDir: string;
  readonly count: string;
  readonly task: string;
  readonly epsilon: string;
  readonly epochs: string;
  readonly port?: string;
  readonly exit?: boolean;
}

/** Faces of other people than those that the networks were trained on. */
const SEED = 1;
const FACE_SIZE = 64;
/** Enough people for a split by person to be balanced. */
const PERSONS = 150;
/** Trained by `kneepoint train`; the command, the seed and the metric stand beside each in a card. */
const NETWORKS = ['faces-identity', 'faces-head-pose'] as const;
/** What each of them was trained for: against it the others' loss is told. */
const PRIMARY_TASKS = { 'faces-identity': 'identity', 'faces-head-pose': 'head_pose' } as const;
const NETWORKS_FOLDER = fileURLToPath(new URL('../../networks/', import.meta.url));
/** What is trained in the demo. */
const ARMS = ['FINETUNED', 'UNPRUNED'] as const;
/** What the small network keeps of the whole one finetuned, and how many networks are trained in search of it. */
const KEEP = { share: 0.99 };
const ROUNDS = 4;

/** The main job on data that it makes itself: the first thing that a newcomer runs. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'the whole job on synthetic faces: matrix, curves, knee, the smallest network that keeps 99 %, a report',
    )
    .option('--data-dir <folder>', 'where everything is kept', '.kneepoint/demo')
    .option('--count <n>', 'faces to render', '1500')
    .option('--task <name>', 'task that the small network is for', 'accessories')
    .option('--epsilon <e>', 'how much of the drop in error the knee that is shown may give up', '0.1')
    .option('--epochs <n>', 'times that each training goes through its images, at most', '10')
    .option('--port <n>', 'port of the gateway (default: 4000, or a free one)')
    .option('--exit', 'end after the report instead of serving')
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const { dataDir, task } = options;
  const training = readNumber('epochs', '--epochs', options.epochs, { least: 1 });
  const interrupt = interruptSignal();
  const { signal } = interrupt;
  const { createLogger, readConfig } = await import('@kneepoint/platform');
  const { renderFaces } = await import('@kneepoint/datasets');
  const { startEmbedded } = await import('../embedded.ts');
  const config = readConfig(toEnvironment({ dataDir, port: options.port ?? String(await choosePort()) }));
  const log = createLogger({ service: 'demo', level: process.env.LOG_LEVEL ? config.logLevel : 'silent' });
  // It shows something to who sits here.
  const embedded = await startEmbedded({ ...config, host: '127.0.0.1' }, log);
  try {
    const client = createClient(embedded);
    const connection = { client, local: true, imports: importsOf(dataDir), close: () => Promise.resolve() };

    heading(`1. ${options.count} synthetic faces with ground truth for seven tasks`);
    const faces = join(dataDir, `faces-${options.count}`);
    if (await missing(join(faces, 'labels.csv'))) {
      await renderFaces({
        folder: faces,
        count: Number(options.count),
        seed: SEED,
        size: FACE_SIZE,
        persons: PERSONS,
        signal,
      });
    }
    const models: string[] = [];
    for (const name of NETWORKS) {
      // Copied beside everything else that the demo leaves, for whoever goes on by hand.
      const file = join(dataDir, `${name}.onnx`);
      await copyFile(join(NETWORKS_FOLDER, `${name}.onnx`), file);
      await copyFile(join(NETWORKS_FOLDER, `${name}.preprocess.json`), join(dataDir, `${name}.preprocess.json`));
      models.push(
        (await registerModel(connection, { file, name, primaryTask: PRIMARY_TASKS[name] }, signal)).model!.id,
      );
    }
    const dataset = (await registerDataset(connection, { source: faces, name: 'faces' }, signal)).dataset!.id;
    print(`   ${faces}`);
    print(
      `   two networks that were trained on faces of other people: ${NETWORKS.join(', ')} (how: ${NETWORKS_FOLDER})`,
    );

    heading('2. Task-relationship matrix: how well the best layer of each network carries each task');
    for (const [index, model] of models.entries()) {
      const { run } = await launch(client, LaunchAnalysisDocument, { model, dataset });
      const analysed = await follow(client, run, `analyse ${NETWORKS[index]}`, signal);
      if (analysed.reused) print(`   (${NETWORKS[index]} was analysed before: nothing had to be computed)`);
    }
    const matrixVariables = { models, dataset, layer: 'BEST' };
    const { taskRelationships } = await client.query(TaskRelationshipsDocument, matrixVariables);
    print(renderMatrix(taskRelationships));
    const best = bestFor(task, taskRelationships);
    const model = models[best.row]!;
    const name = NETWORKS[best.row]!;
    print(`\n   ${name} carries ${task} best, in ${best.layer}: it is where the small network starts from.`);

    heading(`3. Characteristic curve and knee of that layer for ${task}`);
    const variables = { model, dataset, task, epsilon: Number(options.epsilon) };
    const { characteristicCurves } = await client.query(CharacteristicCurvesDocument, variables);
    print(
      renderCurve(
        characteristicCurves.find((curve) => curve.layer === best.layer)!,
        task,
        options.epsilon,
      ),
    );

    heading(`4. The smallest network for ${task} that keeps 99 % of what the whole one, finetuned, can do`);
    const { made } = await compress(
      client,
      { model, dataset, plan: { task }, keep: KEEP, rounds: ROUNDS, arms: ARMS, training },
      signal,
    );
    const report = reportOf(made);
    print(renderResult(report.results[0]!, report));
    const files = await saveAll(client, made, join(dataDir, 'out'), `${name}-${task}`);

    heading('5. Where to look');
    for (const file of files) print(`   ${file}`);
    printQuery(embedded.url, variables);
    const serves = !options.exit && process.stdin.isTTY;
    printEnd(embedded.url, files, serves ? undefined : `npx kneepoint up --data-dir ${dataDir} --port ${config.port}`);
    if (!serves) return;
    note('\nserving until Ctrl-C');
    await aborted(signal);
  } finally {
    await embedded.close();
    interrupt.release();
  }
}

function printQuery(url: string, { model, dataset, task }: { model: string; dataset: string; task: string }): void {
  print(`
   For the API open ${url}/graphql and paste:

query Knee {
  characteristicCurves(model: "${model}", dataset: "${dataset}", task: "${task}") {
    layer
    filters
    strict: knee(epsilon: 0.001) { filters rmse }
    loose: knee(epsilon: 0.1) { filters rmse }
  }
}`);
}

/** What to open; `serve` is the command that serves the page again where it is not served any more. */
function printEnd(url: string, files: readonly string[], serve: string | undefined): void {
  const report = files.find((file) => file.endsWith('.html'));
  print('\nTo look at it in a browser:');
  if (report !== undefined) print(`   the report   ${resolve(report)}`);
  print(`   everything   ${url}${serve === undefined ? '' : ` while this runs: ${serve}`}`);
}

/** The network whose best layer carries the task best. */
function bestFor(task: string, { rows }: MatrixView): { readonly row: number; readonly layer: string } {
  const cells = rows.map((row, index) => ({
    row: index,
    cell: row.cells.find((candidate) => candidate?.task === task)!,
  }));
  const best = cells.reduce((a, b) =>
    (b.cell.higherIsBetter ? b.cell.value > a.cell.value : b.cell.value < a.cell.value) ? b : a,
  );
  return { row: best.row, layer: best.cell.layer };
}

function heading(text: string): void {
  print(`\n${text}\n`);
}

async function missing(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

/** 4000, the documented port, or a free one when something listens there. */
function choosePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(4000, '127.0.0.1', () => probe.close(() => resolve(4000)));
  });
}
