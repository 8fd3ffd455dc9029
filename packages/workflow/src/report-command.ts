/** What a person asked for, as the gateway stored it: its inputs by their names, enumerations by what they stand for. */
export interface AskedFor {
  readonly plan?: Readonly<Record<string, unknown>>;
  readonly epsilons?: readonly number[];
  readonly targets?: readonly { readonly kind: string; readonly remove?: number; readonly atMost?: number }[];
  readonly keep?: { readonly share?: number; readonly within?: number };
  readonly rounds?: number;
  readonly splitSeed?: number;
  readonly teacher?: boolean;
  readonly batch?: string;
  readonly quantize?: string;
  readonly arms?: readonly string[];
  readonly compare?: readonly string[];
  readonly training?: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly model: string;
  readonly dataset: string;
  /** The column whose value keeps images together when the set is split; who imports it anew has to say so. */
  readonly subject?: string | null;
}

type Flags = readonly (readonly [flag: string, value: string])[];

/**
 * The command that asks for the same: `prune` by the names on the server, `compress` by the files that were registered under them. Null where
 * something was asked for that only the API can say.
 */
export function commandOf(
  kind: 'PRUNE' | 'COMPRESSION',
  asked: AskedFor,
  { model, dataset, subject }: Named,
): string | null {
  const tasks = tasksOf(asked);
  const flags = [planFlags(asked), goalFlags(asked), kind === 'PRUNE' ? [] : compressFlags(asked)];
  if (tasks === null || flags.includes(null)) return null;
  const words = flags.flatMap((found) => found!.flatMap(([flag, value]) => (value === '' ? [flag] : [flag, value])));
  const out = ['--out', 'small'];
  const group = absent(subject) ? [] : ['--group', subject];
  const all =
    kind === 'PRUNE'
      ? ['prune', model, dataset, tasks, ...words, ...out]
      : ['compress', '--model', `${model}.onnx`, '--data', dataset, '--task', tasks, ...group, ...words, ...out];
  return ['kneepoint', ...all].map(quoted).join(' ');
}

function tasksOf({ plan = {} }: AskedFor): string | null {
  const { task, tasks } = plan as { readonly task?: string | null; readonly tasks?: readonly string[] | null };
  const names = tasks ?? (absent(task) ? [] : [task]);
  return names.length === 0 || names.some((name) => name.includes(',')) ? null : names.join(',');
}

/** The plan's members that have a flag, and how their values are written. */
const PLAN: Readonly<Record<string, readonly [flag: string, write: (value: never) => string]>> = {
  layerEpsilon: [
    '--layer-epsilon',
    (list: readonly { layer: string; epsilon: number }[]) =>
      list.map(({ layer, epsilon }) => `${layer}=${epsilon}`).join(','),
  ],
  layer: ['--layer', String],
  pool: ['--pool', String],
  minFilters: ['--min-filters', String],
  layerMinFilters: [
    '--layer-min-filters',
    (list: readonly { layer: string; minFilters: number }[]) =>
      list.map(({ layer, minFilters }) => `${layer}=${minFilters}`).join(','),
  ],
  roundTo: ['--round-to', String],
  criterion: ['--criterion', String],
  decide: ['--decide', String],
  avoidTasks: ['--avoid', (names: readonly string[]) => names.join(',')],
  avoidStrength: ['--avoid-strength', String],
};

function planFlags({ plan = {} }: AskedFor): Flags | null {
  const { task: _task, tasks: _tasks, ...rest } = plan;
  return flagsOf(rest, PLAN);
}

/** The flags of all members; null where one has none. */
function flagsOf(members: Readonly<Record<string, unknown>>, known: typeof PLAN): Flags | null {
  const given = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  if (given.some(([name]) => known[name] === undefined)) return null;
  return given.map(([name, value]) => {
    const [flag, write] = known[name]!;
    return [flag, write(value as never)] as const;
  });
}

function goalFlags({ epsilons, targets, keep }: AskedFor): Flags {
  const percent = (share: number): string => `${Number((100 * share).toPrecision(10))}%`;
  const sizes = (targets ?? []).map(({ kind, remove, atMost }) =>
    absent(remove) ? `${kind}=${atMost}` : `${kind}=-${percent(remove)}`,
  );
  return [
    ...(absent(keep?.share) ? [] : [['--keep', percent(keep.share)] as const]),
    ...(absent(keep?.within) ? [] : [['--within', String(keep.within)] as const]),
    ...(epsilons?.length ? [['--epsilon', epsilons.join(',')] as const] : []),
    ...(sizes.length ? [['--target', sizes.join(',')] as const] : []),
  ];
}

const TRAINING: typeof PLAN = {
  epochs: ['--epochs', String],
  learningRate: ['--lr', String],
  batchSize: ['--batch-size', String],
  patience: ['--patience', String],
  seed: ['--seed', String],
  optimizer: ['--optimizer', ({ kind }: { kind: string }) => kind],
  classWeights: ['--class-weights', String],
};
/** The momentum that the command trains sgd with. */
const MOMENTUM = 0.9;

function compressFlags({ quantize, ...asked }: AskedFor): Flags | null {
  const { arms, compare, rounds, splitSeed, teacher, batch, training } = asked;
  const { crop, flip, ...rest } = training ?? {};
  const still = crop === 0 && flip === false;
  const trained = (absent(crop) && absent(flip)) || still ? flagsOf(rest, TRAINING) : null;
  const { kind, momentum, ...more } = (rest.optimizer ?? {}) as Readonly<Record<string, unknown>>;
  const own =
    Object.values(more).some((value) => !absent(value)) || (momentum ?? null) !== (kind === 'sgd' ? MOMENTUM : null);
  if (trained === null || own) return null;
  const names = (arms ?? []).map((arm) => (arm === 'headOnly' ? 'head' : arm));
  return [
    ...(absent(arms) ? [] : [['--arms', names.length === 0 ? 'none' : names.join(',')] as const]),
    ...(compare?.length ? [['--compare', compare.join(',')] as const] : []),
    ...(absent(rounds) ? [] : [['--rounds', String(rounds)] as const]),
    ...(absent(splitSeed) ? [] : [['--split-seed', String(splitSeed)] as const]),
    ...(teacher === false ? [['--no-teacher', ''] as const] : []),
    ...(absent(batch) ? [] : [['--batch', batch] as const]),
    ...(absent(quantize) ? [] : [['--quantize', quantize] as const]),
    ...trained,
    ...(still ? [['--no-augment', ''] as const] : []),
  ];
}

/** GraphQL clients may write null for what they leave out. */
function absent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** A word as a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
