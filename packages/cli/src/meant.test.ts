import { describe, expect, it } from 'vitest';
import { Command } from 'commander';
import { COMMANDS } from './commands/registry.ts';
import { withMeant } from './meant.ts';

/** What a command line of these words is answered with. */
function answerTo(...words: readonly string[]): string {
  let said = '';
  const program = new Command('kneepoint').exitOverride().configureOutput({
    outputError: (text) => {
      said = withMeant(text);
    },
  });
  for (const register of COMMANDS) register(program);
  expect(() => program.parse(words, { from: 'user' })).toThrow();
  return said;
}

describe('a command that there is not', () => {
  it.each([
    ['cancel', 'runs RUN --cancel'],
    ['status', 'runs RUN'],
    ['serve', 'up'],
  ])('%s is answered with what does it here', (word, meant) => {
    expect(answerTo(word)).toBe(`error: unknown command '${word}'\n(Here that is: kneepoint ${meant})\n`);
  });

  it('is answered with the most similar one where it is a slip', () => {
    expect(answerTo('compres')).toContain('Did you mean compress?');
    expect(answerTo('constructor')).toContain("unknown command 'constructor'");
  });
});
