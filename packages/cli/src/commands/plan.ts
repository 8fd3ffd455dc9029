import { CompressionPlanDocument } from '@kneepoint/client';
import type { Command } from 'commander';
import { findDataset, findModel } from '../client/lookup.ts';
import { print, printJson } from '../output.ts';
import { change, compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { whyNot } from '../render/why-not.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { type PlanFlags, readGoal, readPlanRequest, readTasks, withPlanFlags } from './plan-options.ts';

interface PlanCommandOptions extends ServerOptions, PlanFlags {}

export function registerPlan(program: Command): void {
  withPlanFlags(withServerOptions(program.command('plan <model> <dataset> <tasks>')), { several: false })
    .description('what pruning would give; nothing is changed')
    .action(async (model: string, dataset: string, tasks: string, options: PlanCommandOptions) => {
      const goal = readGoal(options);
      const request = { ...readTasks(tasks), ...readPlanRequest(options) };
      const plan = await withConnection(options, async ({ client }) => {
        const input = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          plan: request,
          ...goal,
        };
        return (await client.query(CompressionPlanDocument, { input })).compressionPlan;
      });
      if (options.json) return printJson(plan);
      print(
        table(
          ['layer', 'op', 'filters', 'kept', 'λ', ''],
          plan.layers.map((layer) => [
            layer.name,
            layer.op,
            String(layer.filters),
            String(layer.kept),
            layer.lambda?.toPrecision(3) ?? '',
            layer.note ?? whyNot(layer),
          ]),
          ['left', 'left', 'right', 'right', 'right', 'left'],
        ),
      );
      const { before, after } = plan;
      const sizes = [
        ['parameters', before.parameters, after.parameters],
        ['MACs', before.macs, after.macs],
        ['bytes', before.bytes, after.bytes],
      ] as const;
      const changes = sizes.map(
        ([name, from, to]) => `${name} ${compact(from)} → ${compact(to)} (${change(to, from)})`,
      );
      print(
        `\nhead on ${plan.bestLayer}${plan.pool > 1 ? `, ${plan.pool} × ${plan.pool} averages` : ''}; ${changes.join(', ')}`,
      );
    });
}
