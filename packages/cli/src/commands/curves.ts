import { CharacteristicCurvesDocument, type CharacteristicCurvesQuery } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { findDataset, findModel } from '../client/lookup.ts';
import { print, printJson } from '../output.ts';
import { chart } from '../render/chart.ts';
import { readEpsilon } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

export type CurveView = CharacteristicCurvesQuery['characteristicCurves'][number];

interface CurveOptions extends ServerOptions {
  readonly epsilon: string;
  readonly layer?: string;
}

export function registerCurves(program: Command): void {
  withServerOptions(program.command('curves <model> <dataset> <task>'))
    .description('error against number of filters for each layer, with the knee')
    .option('--epsilon <e>', 'how much of the drop in error may be given up', '0.01')
    .option('--layer <name>', 'only this layer')
    .action(async (model: string, dataset: string, task: string, options: CurveOptions) => {
      const epsilon = readEpsilon(options.epsilon);
      const curves = await withConnection(options, async ({ client }) => {
        const variables = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          task,
          epsilon,
        };
        return (await client.query(CharacteristicCurvesDocument, variables)).characteristicCurves;
      });
      const chosen = options.layer ? [findLayer(curves, options.layer)] : curves;
      if (options.json) return printJson(chosen);
      for (const curve of chosen) print(`${renderCurve(curve, task, options.epsilon)}\n`);
    });
}

function findLayer(curves: readonly CurveView[], name: string): CurveView {
  const found = curves.find((curve) => curve.layer === name);
  if (found) return found;
  throw new Failure('LAYER_UNKNOWN', `there is no curve of a layer "${name}"`, {
    where: '--layer',
    fix: `Choose one of: ${curves.map((curve) => curve.layer).join(', ')}.`,
  });
}

export function renderCurve(curve: CurveView, task: string, epsilon: string): string {
  const { knee } = curve;
  const warning =
    curve.uncertified.length > 0
      ? `\n${curve.uncertified.length} of ${curve.points.length} solutions missed the certificate`
      : '';
  return (
    chart(
      curve.points.map((point) => ({ x: point.filters, y: point.rmseValidation })),
      {
        xLabel: `filters of ${curve.filters}`,
        yLabel: `${curve.layer} → ${task}: RMSE on validation`,
        mark: { x: knee.filters, y: knee.rmse, label: `knee at ε = ${epsilon}: ${knee.filters} filters` },
      },
    ) + warning
  );
}
