import { access, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Preprocess } from '@kneepoint/datasets';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { registerDataset, registerModel } from '../client/register.ts';
import { follow, launch } from '../client/runs.ts';
import { interruptSignal } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { renderReport } from '../render/report.ts';
import { type CurveView, CURVES_QUERY, renderCurve } from './curves.ts';
import { MATRIX_QUERY, type MatrixView, renderMatrix } from './matrix.ts';
import { prune, saveAll } from './prune.ts';
import { aborted } from './up.ts';

interface DemoOptions {
  readonly dataDir: string;
  readonly count: string;
  readonly task: string;
  readonly epsilon: string;
  readonly port?: string;
  readonly exit?: boolean;
}

const SEED = 1;
const FACE_SIZE = 64;
const WIDTHS = [32, 'pool', 64, 'pool', 128, 'pool', 128] as const;
/** Enough people for a split by person to be balanced. */
const PERSONS = 150;

/** The main job on data that it makes itself: the first thing that a newcomer runs. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('the whole job on synthetic faces: matrix, curves, knee, a pruned network, a report')
    .option('--data-dir <folder>', 'where everything is kept', '.kneepoint/demo')
    .option('--count <n>', 'faces to render', '1500')
    .option('--task <name>', 'task that the small network is for', 'accessories')
    .option('--epsilon <e>', 'how much of the drop in error may be given up', '0.1')
    .option('--port <n>', 'port of the gateway (default: 4000, or a free one)')
    .option('--exit', 'end after the report instead of serving')
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const { dataDir, task } = options;
  const interrupt = interruptSignal();
  const { signal } = interrupt;
  const { createLogger, readConfig } = await import('@kneepoint/platform');
  const { renderFaces } = await import('@kneepoint/datasets');
  const { encodeModel, vggStyle } = await import('@kneepoint/onnx');
  const { startEmbedded } = await import('../embedded.ts');
  const config = readConfig(toEnvironment({ dataDir, port: options.port ?? String(await choosePort()) }));
  const log = createLogger({ service: 'demo', level: process.env.LOG_LEVEL ? config.logLevel : 'silent' });
  const embedded = await startEmbedded(config, log);
  try {
    const client = new GatewayClient(embedded.url);
    const connection = { client, local: true, close: () => Promise.resolve() };

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
    const network = join(dataDir, 'vgg-style.onnx');
    await writeFile(network, encodeModel(vggStyle({ widths: WIDTHS, size: FACE_SIZE, seed: SEED, batchNorm: true })));
    const preprocess: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] };
    const model = (await registerModel(connection, { file: network, name: 'vgg-style', preprocess }, signal)).model!;
    const dataset = (await registerDataset(connection, { folder: faces, name: 'faces' }, signal)).dataset!;
    print(
      `   ${faces}; the network is VGG-style with ${WIDTHS.filter((width) => width !== 'pool').length} convolutions: ${network}`,
    );
    print(
      '   Its filters are random and frozen: what follows shows the method, not the accuracy of a trained network.',
    );

    heading('2. Task-relationship matrix: how well the best layer carries each task');
    const analysis = await launch(client, 'launchAnalysis', 'LaunchAnalysisInput', {
      model: model.id,
      dataset: dataset.id,
    });
    const analysed = await follow(client, analysis, 'analyse', signal);
    if (analysed.reused) print('   (analysed before: nothing had to be computed)');
    const matrixVariables = { models: [model.id], dataset: dataset.id, layer: 'BEST' };
    const { taskRelationships } = await client.query<{ taskRelationships: MatrixView }>(MATRIX_QUERY, matrixVariables);
    print(renderMatrix(taskRelationships));

    heading(`3. Characteristic curve and knee of the best layer for ${task}`);
    const variables = { model: model.id, dataset: dataset.id, task, epsilon: Number(options.epsilon) };
    const { characteristicCurves } = await client.query<{ characteristicCurves: CurveView[] }>(CURVES_QUERY, variables);
    const best = taskRelationships.rows[0]!.cells.find((cell) => cell?.task === task)!.layer;
    print(
      renderCurve(
        characteristicCurves.find((curve) => curve.layer === best)!,
        task,
        options.epsilon,
      ),
    );

    heading(`4. The network cut for ${task}`);
    const { prunings } = await prune(
      client,
      { model: model.id, dataset: dataset.id, task, epsilons: [Number(options.epsilon)] },
      signal,
    );
    print(renderReport(prunings[0]!.report));
    const files = await saveAll(prunings, join(dataDir, 'out'), `vgg-style-${task}`);

    heading('5. Where to look');
    for (const file of files) print(`   ${file}`);
    printQuery(embedded.url, variables);
    if (options.exit || !process.stdin.isTTY) {
      print(`\nTo serve it: node packages/cli/bin/kneepoint.mjs up --data-dir ${dataDir} --port ${config.port}`);
      return;
    }
    note('\nserving until Ctrl-C');
    await aborted(signal);
  } finally {
    await embedded.close();
    interrupt.release();
  }
}

function printQuery(url: string, { model, dataset, task }: { model: string; dataset: string; task: string }): void {
  print(`
   Open ${url}/graphql in a browser and paste:

query Knee {
  characteristicCurves(model: "${model}", dataset: "${dataset}", task: "${task}") {
    layer
    filters
    strict: knee(epsilon: 0.001) { filters rmse }
    loose: knee(epsilon: 0.1) { filters rmse }
  }
}`);
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
