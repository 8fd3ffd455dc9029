import type { Command } from 'commander';
import { findDataset, findModel } from '../client/lookup.ts';
import { print, printJson } from '../output.ts';
import { change, compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { readEpsilon, readMinFilters } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface Size {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
}

interface PlanView {
  readonly bestLayer: string;
  readonly before: Size;
  readonly after: Size;
  readonly layers: readonly {
    readonly name: string;
    readonly op: string;
    readonly filters: number;
    readonly kept: number;
    readonly lambda: number | null;
    readonly prunable: boolean;
    readonly reason: string | null;
  }[];
}

const PLAN_QUERY = `query($input: CompressionPlanInput!) {
  compressionPlan(input: $input) {
    bestLayer
    before { parameters macs bytes }
    after { parameters macs bytes }
    layers { name op filters kept lambda prunable reason }
  }
}`;

interface PlanOptions extends ServerOptions {
  readonly epsilon: string;
  readonly layer?: string;
  readonly minFilters?: string;
}

export function registerPlan(program: Command): void {
  withServerOptions(program.command('plan <model> <dataset> <task>'))
    .description('what pruning would give; nothing is changed')
    .option('--epsilon <e>', 'how much of the drop in error may be given up', '0.01')
    .option('--layer <name>', 'the layer that the head reads (default: the best on validation)')
    .option('--min-filters <n>', 'keep at least so many in each layer')
    .action(async (model: string, dataset: string, task: string, options: PlanOptions) => {
      const limits = { epsilon: readEpsilon(options.epsilon), ...readMinFilters(options.minFilters) };
      const plan = await withConnection(options, async ({ client }) => {
        const input = {
          model: await findModel(client, model),
          dataset: await findDataset(client, dataset),
          task,
          ...limits,
          ...(options.layer ? { layer: options.layer } : {}),
        };
        return (await client.query<{ compressionPlan: PlanView }>(PLAN_QUERY, { input })).compressionPlan;
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
            layer.reason ?? '',
          ]),
          ['left', 'left', 'right', 'right', 'right', 'left'],
        ),
      );
      const { before, after } = plan;
      print(
        `\nhead on ${plan.bestLayer}; parameters ${compact(before.parameters)} → ${compact(after.parameters)} (${change(after.parameters, before.parameters)}), MACs ${compact(before.macs)} → ${compact(after.macs)} (${change(after.macs, before.macs)})`,
      );
    });
}
