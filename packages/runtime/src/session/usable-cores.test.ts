import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { usableCores } from './usable-cores.ts';

const on = (files: Readonly<Record<string, string>>) => usableCores((path) => files[path], 64);

describe('usableCores', () => {
  it('is what the machine has where nothing limits it', () => {
    expect(on({})).toBe(64);
    expect(on({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' })).toBe(64);
    expect(
      on({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }),
    ).toBe(64);
  });

  it('is the quota of a container, as it sees it at the root', () => {
    expect(on({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '200000 100000\n' })).toBe(2);
    expect(on({ '/sys/fs/cgroup/cpu.max': '150000 100000\n' })).toBe(2);
    expect(on({ '/sys/fs/cgroup/cpu.max': '5000 100000\n' })).toBe(1);
  });

  it('is the least quota from the process’s group up', () => {
    const files = {
      '/proc/self/cgroup': '0::/kubepods.slice/pod7/box\n',
      '/sys/fs/cgroup/kubepods.slice/pod7/box/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/kubepods.slice/pod7/cpu.max': '300000 100000\n',
      '/sys/fs/cgroup/kubepods.slice/cpu.max': '1600000 100000\n',
    };
    expect(on(files)).toBe(3);
  });

  it('is that of version 1', () => {
    const files = {
      '/proc/self/cgroup': '4:cpu,cpuacct:/docker/1\n0::/docker/1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '400000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(on(files)).toBe(4);
  });

  it('is at least one here, and no more than there are', () => {
    expect(usableCores()).toBeGreaterThanOrEqual(1);
    expect(usableCores()).toBeLessThanOrEqual(availableParallelism());
  });
});
