import { Failure } from '@kneepoint/failures';
import type { GarbageReport } from '@kneepoint/platform';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { print, printJson } from '../output.ts';

interface GcOptions {
  readonly olderThan: string;
  readonly runsOlderThan?: string;
  readonly dryRun?: boolean;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3600_000, d: 24 * 3600_000 };

/** `gc`: works on the database and the store themselves, beside whatever runs; on an embedded database only while no server has it. */
export function registerGc(program: Command): void {
  program
    .command('gc')
    .description(
      'delete artifacts that nothing refers to, abandoned checkpoints and uploads, and old runs when asked to',
    )
    .option('--older-than <age>', 'only what is older, such as 12h or 30d', '30d')
    .option('--runs-older-than <age>', 'also runs that ended longer ago; their results stay')
    .option('--dry-run', 'only say what would go')
    .option('--data-dir <folder>', 'folder of the embedded server (default: ./.kneepoint)')
    .option('--json', 'print JSON')
    .action(async ({ json, dryRun = false, olderThan, runsOlderThan, ...options }: GcOptions) => {
      const ages = {
        olderThanMs: readAge('--older-than', olderThan),
        ...(runsOlderThan === undefined ? {} : { runsOlderThanMs: readAge('--runs-older-than', runsOlderThan) }),
      };
      const { collectGarbage, openDatabase, openStore, readConfig } = await import('@kneepoint/platform');
      const config = readConfig(toEnvironment(options));
      const db = await openDatabase(config.databaseUrl);
      try {
        const report = await collectGarbage(db, await openStore(config.artifactsUrl, config.store), {
          ...ages,
          auditOlderThanMs: config.auditDays * UNITS['d']!,
          dryRun,
        });
        if (json) printJson(report);
        else print(describe(report));
      } finally {
        await db.close();
      }
    });
}

/** Milliseconds. Throws RETENTION_INVALID. */
export function readAge(option: string, text: string): number {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined) return Number(number) * UNITS[unit]!;
  throw new Failure('RETENTION_INVALID', `${option} is "${text}"`, {
    where: option,
    fix: 'give a number with m, h or d, such as 30d',
  });
}

function describe(report: GarbageReport): string {
  const { dryRun, kept, young, deleted, runs, checkpoints, removed, events, audit, uploads } = report;
  const size = ({ count, bytes }: GarbageReport['kept']) => `${count} artifacts, ${(bytes / 1e6).toFixed(1)} MB`;
  return [
    `${dryRun ? 'would delete' : 'deleted'}  ${size(deleted)}; ${removed} removed models and data sets, ${checkpoints} checkpoints, ${uploads} uploads, ${events} events, ${audit} lines of the audit log, ${runs} runs`,
    `in use        ${size(kept)}`,
    `too young     ${size(young)}`,
  ].join('\n');
}
