import { type AskedFor, commandOf } from '@kneepoint/workflow';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerCompress } from './compress.ts';
import { readCompressGoals, readSearch } from './compress-goals.ts';
import { registerPrune } from './prune.ts';
import { type PlanFlags, readGoals, readPlanRequest, readTasks } from './plan-options.ts';
import { readTraining, type TrainingOptions } from './training-options.ts';

const NAMES = { model: 'net', dataset: 'my faces' };

/** The words of a command line that is quoted as `commandOf` quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll(String.raw`'\''`, "'"),
  );
}

/** What a command says, by the command's own parser. */
function parsed(line: string): { readonly args: readonly string[]; readonly options: Record<string, unknown> } {
  const program = new Command().exitOverride();
  registerCompress(program);
  registerPrune(program);
  let found: { args: readonly string[]; options: Record<string, unknown> } | undefined;
  for (const command of program.commands) {
    command.action(() => void (found = { args: command.args, options: command.opts() }));
  }
  const [name, ...rest] = words(line);
  expect(name).toBe('kneepoint');
  program.parse(rest, { from: 'user' });
  return found!;
}

/** As the gateway stores it: enumerations by what they stand for. */
const stored = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
    typeof member === 'string' && /^[A-Z_]+$/.test(member) ? member.toLowerCase() : member,
  );

describe('the command of a report asks for what was asked for', () => {
  it('keeps images of a subject together where they are imported anew', () => {
    const asked = { plan: { task: 'gender' }, epsilons: [0.01] };
    const named = { ...NAMES, subject: 'the person' };
    expect(parsed(commandOf('COMPRESSION', asked, named)!).options).toMatchObject({ group: 'the person' });
    expect(parsed(commandOf('COMPRESSION', asked, { ...NAMES, subject: null })!).options).not.toHaveProperty('group');
    expect(commandOf('PRUNE', asked, named)).not.toContain('--group');
  });

  it.each<[string, AskedFor]>([
    ['a goal', { plan: { task: 'gender' }, keep: { share: 0.985 }, rounds: 3 }],
    ['a difference', { plan: { tasks: ['gender', 'head pose'] }, keep: { within: 0.5 }, splitSeed: 7, teacher: false }],
    [
      'targets',
      {
        plan: { task: 'a' },
        targets: [
          { kind: 'macs', remove: 0.6 },
          { kind: 'latency', atMost: 2.5 },
        ],
      },
    ],
    [
      'everything of a plan',
      {
        plan: {
          ...{ task: "it's", layer: 'conv3', pool: 2, minFilters: 3, roundTo: 8, criterion: 'taylor', decide: 'vote' },
          ...{ layerEpsilon: [{ layer: '/a/Conv', epsilon: 0.1 }], layerMinFilters: [{ layer: 'b', minFilters: 2 }] },
          ...{ avoidTasks: ['age', 'name'], avoidStrength: 2 },
        },
        epsilons: [0.01, 0.1],
      },
    ],
    [
      'a training',
      {
        ...{ plan: { task: 'a' }, epsilons: [0.01] },
        training: {
          ...{ epochs: 3, learningRate: 0.001, batchSize: 16, patience: 0, seed: 4, classWeights: 'balanced' },
          ...{ optimizer: { kind: 'sgd', momentum: 0.9 }, crop: 0, flip: false },
        },
      },
    ],
  ])('%s', (_what, asked) => {
    const line = commandOf('COMPRESSION', asked, NAMES)!;
    const { options } = parsed(line);
    expect(options).toMatchObject({ model: 'net.onnx', data: 'my faces' });
    const flags = options as unknown as PlanFlags & TrainingOptions & { task: string; teacher: boolean };
    const { epsilons, targets, keep } = readCompressGoals(flags, ['FINETUNED']);
    expect(
      stored({
        plan: { ...readTasks(flags.task), ...readPlanRequest(flags) },
        ...(epsilons.length === 0 ? {} : { epsilons }),
        ...(targets.length === 0 ? {} : { targets }),
        ...(keep ? { keep } : {}),
        ...readSearch(flags),
        ...(asked.training ? { training: readTraining(flags) } : {}),
      }),
    ).toEqual(asked);
  });

  it('by names on the server where nothing is trained', () => {
    const asked = { plan: { task: 'gender' }, targets: [{ kind: 'bytes', atMost: 500_000 }] };
    const { args, options } = parsed(commandOf('PRUNE', asked, NAMES)!);
    expect(args).toEqual(['net', 'my faces', 'gender']);
    expect(stored(readGoals(options as PlanFlags).targets)).toEqual(asked.targets);
  });

  it('or there is none, where only the API can ask for it', () => {
    const plain = { plan: { task: 'a' }, epsilons: [0.01] };
    expect(commandOf('COMPRESSION', { ...plain, training: { labelSmoothing: 0.1 } }, NAMES)).toBeNull();
    expect(
      commandOf('COMPRESSION', { ...plain, training: { optimizer: { kind: 'sgd', momentum: 0.8 } } }, NAMES),
    ).toBeNull();
    expect(commandOf('COMPRESSION', { ...plain, training: { crop: 0.1 } }, NAMES)).toBeNull();
    expect(commandOf('PRUNE', { ...plain, plan: { tasks: ['a,b'] } }, NAMES)).toBeNull();
  });
});
