import { describe, expect, it } from 'vitest';
import { type PlanFlags, readGoal, readGoals, readPlanRequest, readTasks } from './plan-options.ts';

const refusal = (code: string, where: string): unknown => expect.objectContaining({ code, where });

describe('--target', () => {
  it.each([
    ['macs=-60%', { kind: 'MACS', remove: 0.6 }],
    ['macs=−12.5 %', { kind: 'MACS', remove: 0.125 }],
    ['macs=10M', { kind: 'MACS', atMost: 1e7 }],
    ['parameters=200k', { kind: 'PARAMETERS', atMost: 2e5 }],
    ['bytes=1.5MB', { kind: 'BYTES', atMost: 1.5e6 }],
    ['latency=2ms', { kind: 'LATENCY', atMost: 2 }],
    ['latency=0.5', { kind: 'LATENCY', atMost: 0.5 }],
    ['latency=-50%', { kind: 'LATENCY', remove: 0.5 }],
  ])('%s is %o', (text, expected) => {
    expect(readGoal({ target: text })).toEqual({ target: expected });
  });

  it.each([
    ...['macs', 'macs=', 'macs=60%', 'macs=-0%', 'macs=-100%', 'macs=-60', 'macs=0', 'macs=2ms', 'macs=10MB'],
    ...['flops=-60%', 'latency=2kms', 'latency=2s', 'macs=-60%=1', 'macs=Infinity', 'macs=1e999', ''],
  ])('"%s" is refused', (text) => {
    expect(() => readGoals({ target: text })).toThrow(refusal('TARGET_INVALID', '--target'));
  });
});

describe('the goals of a command', () => {
  it('are an ε of 0.01 when nothing is said, and not when a target is', () => {
    expect(readGoals({})).toEqual({ epsilons: [0.01], targets: [] });
    expect(readGoals({ target: 'macs=-60%,macs=-80%' }).epsilons).toEqual([]);
  });

  it('can be several of both, but one of them for a plan', () => {
    const both = { epsilon: '0.1,0.2', target: 'macs=-60%' };
    expect(readGoals(both)).toEqual({ epsilons: [0.1, 0.2], targets: [{ kind: 'MACS', remove: 0.6 }] });
    expect(() => readGoal(both)).toThrow(refusal('PLAN_OPTIONS_CONFLICT', '--target'));
    expect(readGoal({ epsilon: '0.1' })).toEqual({ epsilon: 0.1 });
  });
});

describe('what else decides a cut', () => {
  it('is a request in the words of the gateway', () => {
    const flags: PlanFlags = {
      ...{ layerEpsilon: 'conv1=0.1, a=b=0.2', layer: 'conv2', pool: '2', minFilters: '2', layerMinFilters: 'conv1=8' },
      ...{ roundTo: '16', criterion: 'bnScale', decide: 'vote', avoid: 'identity, age', avoidStrength: '0.5' },
    };
    expect(readPlanRequest(flags)).toEqual({
      layerEpsilon: [
        { layer: 'conv1', epsilon: 0.1 },
        { layer: 'a=b', epsilon: 0.2 },
      ],
      ...{ layer: 'conv2', pool: 2, minFilters: 2, layerMinFilters: [{ layer: 'conv1', minFilters: 8 }], roundTo: 16 },
      ...{ criterion: 'BN_SCALE', decide: 'VOTE', avoidTasks: ['identity', 'age'], avoidStrength: 0.5 },
    });
    expect(readPlanRequest({})).toEqual({});
  });

  it.each<[PlanFlags, string, string]>([
    [{ layerEpsilon: 'conv1' }, 'PLAN_OPTION_INVALID', '--layer-epsilon'],
    [{ layerEpsilon: 'conv1=2' }, 'EPSILON_INVALID', '--layer-epsilon'],
    [{ layerMinFilters: 'conv1=0' }, 'MIN_FILTERS_INVALID', '--layer-min-filters'],
    [{ pool: '3' }, 'PLAN_OPTION_INVALID', '--pool'],
    [{ roundTo: '1.5' }, 'PLAN_OPTION_INVALID', '--round-to'],
    [{ criterion: 'entropy' }, 'PLAN_OPTION_INVALID', '--criterion'],
    [{ decide: 'all' }, 'PLAN_OPTION_INVALID', '--decide'],
    [{ avoidStrength: 'much' }, 'PLAN_OPTION_INVALID', '--avoid-strength'],
  ])('%o is refused', (flags, code, where) => {
    expect(() => readPlanRequest(flags)).toThrow(refusal(code, where));
  });

  it('one task is a task, several are tasks', () => {
    expect(readTasks('yaw')).toEqual({ task: 'yaw' });
    expect(readTasks('yaw, gender')).toEqual({ tasks: ['yaw', 'gender'] });
  });
});
