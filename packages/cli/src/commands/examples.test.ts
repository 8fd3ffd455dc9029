import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addExamples, commandsOf, EXAMPLES } from './examples.ts';
import { COMMANDS } from './registry.ts';

/** All commands, none of which does anything; what is wrong with a line is thrown. */
function commands(): Command {
  const program = new Command('kneepoint').exitOverride().enablePositionalOptions();
  for (const register of COMMANDS) register(program);
  for (const [, command] of commandsOf(program)) command.exitOverride().configureOutput({ writeErr: () => undefined });
  addExamples(program);
  return program;
}

const visible = commandsOf(commands()).filter(([words]) => words !== 'complete');

describe('help', () => {
  it('has examples for every command, and for no other', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(visible.map(([words]) => words).sort());
  });

  it('shows them below the options', () => {
    let help = '';
    const [, runs] = visible.find(([words]) => words === 'runs')!;
    runs.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain('\nExamples:\n  # the newest\n  kneepoint runs\n');
  });

  const lines = Object.entries(EXAMPLES).flatMap(([words, examples]) =>
    examples.map(([line]) => [line, words] as const),
  );
  it.each(lines)('%s is a line that the command takes', async (line, words) => {
    const program = commands();
    let ran = '';
    for (const [name, command] of commandsOf(program)) command.action(() => void (ran = name));
    await program.parseAsync(['node', 'kneepoint', ...line.replace(/ >.*/, '').split(' ')]);
    expect(ran).toBe(words);
  });
});
