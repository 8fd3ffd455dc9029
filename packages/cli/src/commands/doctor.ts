import type { Finding } from '@kneepoint/platform';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { print, printJson } from '../output.ts';

interface DoctorOptions {
  readonly dataDir?: string;
  readonly provider?: string;
  readonly memoryMb?: string;
  readonly json?: boolean;
}

const SIGNS: Readonly<Record<Finding['state'], string>> = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ' };

/** `doctor`: everything that the settings of this environment lead to, tried from here. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('try everything that this configuration leads to; exit code 1 when something is wrong')
    .option('--data-dir <folder>', 'where database and artifacts are kept (default: ./.kneepoint)')
    .option('--provider <name>', 'execution provider: cpu, cuda or auto')
    .option('--memory-mb <n>', 'memory that one child process may use')
    .option('--json', 'print JSON')
    .action(async ({ json, ...options }: DoctorOptions) => {
      const { diagnose, readConfig } = await import('@kneepoint/platform');
      const { checkRuntime } = await import('../doctor/check-runtime.ts');
      const { checkWidths } = await import('../doctor/check-widths.ts');
      const config = readConfig(toEnvironment(options));
      const findings = await diagnose(config, { runtime: checkRuntime(config), widths: checkWidths(config) });
      const wrong = findings.filter(({ state }) => state === 'wrong');
      if (json) printJson({ ok: wrong.length === 0, findings });
      else print(findings.map(describe).join('\n'));
      if (wrong.length > 0) process.exitCode = 1;
    });
}

function describe({ name, state, detail, fix, code }: Finding): string {
  const line = `${SIGNS[state]}  ${name.padEnd(10)} ${detail}${code === undefined ? '' : ` (${code})`}`;
  return fix === undefined ? line : `${line}\n${' '.repeat(20)}fix: ${fix}`;
}
