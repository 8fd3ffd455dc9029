import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Packages that keep nothing between their tests, neither files nor processes nor what a module remembers. */
const PURE = [
  ...['autodiff', 'onnx', 'pruning', 'regression', 'workflow'].map((name) => `packages/${name}/src/**/*.test.ts`),
  'web/src/**/*.test.ts',
];

export default defineConfig({
  resolve: {
    // The graphql that Node resolves for everyone else: Vite would take its other copy, and GraphQL allows one only.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url)) },
    ],
  },
  test: {
    // Generous: real servers and child processes on a machine that may be busy with others.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // ONNX Runtime reports home unless it is told not to.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: PURE,
        },
      },
      // A process for each file would read the same modules a hundred times.
      { extends: true, test: { name: 'together', include: PURE, isolate: false } },
    ],
  },
});
