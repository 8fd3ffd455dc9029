import { describe, expect, it } from 'vitest';
import { ProgressMeter } from './progress-meter.ts';

describe('a progress meter', () => {
  it('finds a steady rate and the time left', () => {
    const meter = new ProgressMeter();
    for (let second = 0; second <= 20; second++)
      meter.report({ done: second * 8, total: 400, unit: 'images' }, second * 1000);
    expect(meter.take()).toEqual({
      done: 160,
      total: 400,
      unit: 'images',
      message: null,
      ratePerSecond: 8,
      etaSeconds: 30,
      share: 0.4,
    });
  });

  it('follows a change of pace: half of it is seen after ten seconds', () => {
    const meter = new ProgressMeter();
    meter.report({ done: 0, total: 1000 }, 0);
    meter.report({ done: 100, total: 1000 }, 10_000);
    meter.report({ done: 400, total: 1000 }, 20_000);
    expect(meter.take()?.ratePerSecond).toBeCloseTo(20, 12);
  });

  it('never shows a number that is none, whatever it is told', () => {
    const meter = new ProgressMeter();
    meter.report({ done: 3 }, 5);
    meter.report({ done: Number.NaN, total: Number.POSITIVE_INFINITY }, 5);
    meter.report({ done: 9 }, 5);
    const state = meter.take()!;
    expect(state).toMatchObject({ done: 9, total: null, etaSeconds: null });
    expect(Object.values(state).every((value) => typeof value !== 'number' || Number.isFinite(value))).toBe(true);
  });

  it('starts to measure again when the count begins anew', () => {
    const meter = new ProgressMeter();
    meter.report({ done: 50, total: 100 }, 0);
    meter.report({ done: 90, total: 100 }, 1000);
    meter.report({ done: 0, total: 30, unit: 'layers' }, 2000);
    expect(meter.take()).toMatchObject({ done: 0, total: 30, unit: 'layers', ratePerSecond: null, etaSeconds: null });
  });

  it('gives each state once', () => {
    const meter = new ProgressMeter();
    expect(meter.take()).toBeUndefined();
    meter.report({ done: 1 }, 0);
    expect(meter.take()).toMatchObject({ done: 1 });
    expect(meter.take()).toBeUndefined();
  });
});
