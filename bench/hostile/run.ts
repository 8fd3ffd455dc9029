/**
 * Spoiled models, pictures and data sets, by seed, through the code that imports them: every one is accepted or refused with a code.
 * Goes on where it was stopped; the figures so far lie in `.kneepoint/hostile/SUBJECT.json`.
 *
 *   npx tsx bench/hostile/run.ts [models|images|data sets] [--count 100000] [--seconds 170] [--processes 2] [--fresh] [--seed N] [--out FILE]
 *
 * `--seed` brings one file alone and prints what became of it; `--out` writes it too. KNEEPOINT_DATA names folders (separated by colons)
 * with models of one's own to spoil beside those that are made here. Ends with 1 when anything was received wrongly.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../support/machine.ts';
import { range, siege, type SiegeReport } from './siege.ts';
import { SUBJECTS, type SubjectName } from './subjects.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seconds: { type: 'string' },
    processes: { type: 'string', default: '2' },
    fresh: { type: 'boolean', default: false },
    seed: { type: 'string' },
    out: { type: 'string' },
  },
});

/** What is asked of each subject in all. */
const COUNTS: Readonly<Record<SubjectName, number>> = { models: 100_000, images: 10_000, 'data sets': 10_000 };

const folders = (process.env['KNEEPOINT_DATA'] ?? '').split(':').filter(Boolean);
const chosen = positionals.length > 0 ? (positionals as SubjectName[]) : (Object.keys(SUBJECTS) as SubjectName[]);

interface State extends SiegeReport {
  /** The next seed. */
  readonly next: number;
}

const stateFile = (subject: SubjectName): string => join('.kneepoint', 'hostile', `${subject.replace(' ', '-')}.json`);

function stored(subject: SubjectName): State {
  if (values.fresh) rmSync(stateFile(subject), { force: true });
  try {
    return JSON.parse(readFileSync(stateFile(subject), 'utf8')) as State;
  } catch {
    return { next: 0, files: 0, seconds: 0, outcomes: {}, wrong: [], deaths: [], slowestMs: 0 };
  }
}

function joined(state: State, report: SiegeReport): State {
  const outcomes = { ...state.outcomes };
  for (const [code, count] of Object.entries(report.outcomes)) outcomes[code] = (outcomes[code] ?? 0) + count;
  return {
    ...{
      next: state.next + report.files,
      files: state.files + report.files,
      seconds: state.seconds + report.seconds,
      outcomes,
    },
    wrong: [...state.wrong, ...report.wrong],
    deaths: [...state.deaths, ...report.deaths],
    slowestMs: Math.max(state.slowestMs, report.slowestMs),
  };
}

function print(subject: SubjectName, state: State): void {
  console.log(`\n${state.files} ${subject} in ${Math.round(state.seconds)} s, slowest ${state.slowestMs} ms`);
  for (const [code, count] of Object.entries(state.outcomes).sort(([, a], [, b]) => b - a))
    console.log(`  ${code.padEnd(32)} ${count}`);
  console.log(`  processes that died: ${state.deaths.length}; received wrongly: ${state.wrong.length}`);
  for (const { seed, what } of state.wrong.slice(0, 20)) console.log(`  seed ${seed}: ${what}`);
}

async function one(subject: SubjectName, seed: number): Promise<void> {
  if (values.out !== undefined) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, await SUBJECTS[subject].bytes(seed, folders));
  }
  const report = await siege({ subject, seeds: [seed], folders, processes: 1 });
  console.log(await SUBJECTS[subject].describe(seed, folders), JSON.stringify(report, undefined, 2));
}

if (values.seed !== undefined) {
  await one(chosen[0]!, Number(values.seed));
} else {
  console.log(machine());
  const deadline = Date.now() + 1000 * Number(values.seconds ?? 86_400);
  let failed = false;
  for (const subject of chosen) {
    let state = stored(subject);
    const count = Number(values.count ?? COUNTS[subject]);
    while (state.next < count && Date.now() < deadline) {
      const report = await siege({
        subject,
        seeds: range(state.next, Math.min(500, count - state.next)),
        folders,
        processes: Number(values.processes),
      });
      state = joined(state, report);
      mkdirSync(dirname(stateFile(subject)), { recursive: true });
      writeFileSync(stateFile(subject), JSON.stringify(state));
    }
    print(subject, state);
    failed ||= state.wrong.length > 0;
  }
  process.exitCode = failed ? 1 : 0;
}
