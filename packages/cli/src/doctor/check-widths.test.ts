import { expect, it } from 'vitest';
import { checkWidths, judgeWidths } from './check-widths.ts';
import { widthStep } from './width-step.ts';

it.each([
  [[1.49, 1.4, 0.97, 0.9, 1], 4, 63],
  [[1.3, 1.1, 0.97, 0.9, 1], 2, 63],
  [[0.99, 0.98, 0.95, 0.9, 1], 1, 63],
  [[1.2, 1.6, 1.3, 1.2, 1], 16, 62],
  // A slow width says more than the faster ones below it.
  [[0.99, 1.01, 1.3, 0.9, 1], 8, 60],
])('times of %j come to multiples of %i', (times, step, worst) => {
  const found = widthStep(times.map((time) => 7 * time));
  expect(found.step).toBe(step);
  expect(found.worst.width).toBe(worst);
});

it('says what to set where the machine differs from what cuts keep by default', () => {
  const slow = [1.5, 1.4, 1.3, 0.9, 1];
  expect(judgeWidths({ provider: 'cpu', times: [1.5, 1.4, 0.97, 0.9, 1] })).toEqual({
    state: 'ok',
    detail: 'multiples of 4 on cpu (63 channels take 1.5 × as long as 64)',
  });
  expect(judgeWidths({ provider: 'cpu', times: slow })).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('multiples of 8') as string,
    fix: expect.stringContaining('--round-to 8') as string,
  });
  expect(judgeWidths({ provider: 'cuda', times: slow }).fix).toContain('--round-to 8');
  expect(judgeWidths({ provider: 'cpu', times: [1, 1, 1, 1, 1] })).toMatchObject({
    state: 'ok',
    detail: expect.stringContaining('any number of channels') as string,
    fix: expect.stringContaining('--round-to 1') as string,
  });
});

it('is measured in a process of its own', async () => {
  const { state, detail } = await checkWidths({ provider: 'cpu', memoryMb: 1024 })();
  expect(state).not.toBe('wrong');
  expect(detail).toMatch(
    /^(any number of channels|multiples of \d+) on cpu \(\d\d channels take [\d.]+ × as long as 64\)$/,
  );
});
