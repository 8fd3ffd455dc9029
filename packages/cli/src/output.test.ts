import { KneepointError } from '@kneepoint/client';
import { Failure, FAILURES } from '@kneepoint/failures';
import { expect, it, vi } from 'vitest';
import { printable, printFailure } from './output.ts';

it.each([
  ['found here', new Failure('EPSILON_INVALID', 'no', { where: '--epsilon', fix: 'Pass one.' }), '--epsilon'],
  [
    'that the gateway found, by the name of the option',
    new KneepointError('EPSILON_INVALID', 'no', { where: 'input.plan.epsilon', fix: 'Pass one.' }),
    'epsilon',
  ],
])('a failure %s is told with its code, where and what would be right', (_what, failure, where) => {
  const { code, said } = told(failure);
  expect(code).toBe('EPSILON_INVALID');
  const [json = '', ...lines] = said;
  expect(JSON.parse(json)).toEqual({ error: { code, message: 'no', where, fix: 'Pass one.' } });
  expect(lines.join('')).toBe(`error EPSILON_INVALID: no\n   at ${where}\n  fix Pass one.\n`);
});

it('a failure that says nothing of what would be right is told with what is so in general', () => {
  const { said } = told(new Failure('MODEL_FILE_MISSING', 'there is no such file', { where: 'net.onnx' }));
  expect(said.at(-1)).toBe(`  fix ${FAILURES.MODEL_FILE_MISSING.cure}\n`);
});

function told(failure: Error): { readonly code: string; readonly said: readonly string[] } {
  const said: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => said.push(String(text)) > 0),
  );
  const code = printFailure(failure, true);
  for (const spy of spies) spy.mockRestore();
  return { code, said };
}

it('what a name would tell the terminal is shown as a sign', () => {
  expect(printable('a\tb\n\u001b]0;title\u0007é\u009b31m\r')).toBe('a\tb\n\uFFFD]0;title\uFFFDé\uFFFD31m\uFFFD');
});
