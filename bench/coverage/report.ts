import { type Entry, type Form, FORMS, type Network, type Ours, type Part, type Rival } from './outcome.ts';

export interface ReportInput {
  readonly networks: readonly Network[];
  /** What came of a network; `stale` where an earlier version of the code found it. */
  find(network: Network, part: Part): { readonly entry: Entry; readonly stale: boolean } | undefined;
  readonly machine: string;
  readonly software: string;
  readonly rival: { readonly package: string; readonly missing: string | undefined };
  readonly newer: { readonly packages: readonly string[]; readonly missing: string | undefined };
}

interface Row {
  readonly network: Network;
  readonly ours: Readonly<Record<Form, Ours | undefined>>;
  readonly rival: Rival | undefined;
  readonly stale: boolean;
}

/** The page: totals first, a row for each network, and why what stays whole does. */
export function report(input: ReportInput): string {
  const rows = input.networks.map((network): Row => {
    const of = (part: Part) => input.find(network, part)?.entry.outcome;
    const ours = (form: Form) => of(form) as Ours | undefined;
    return {
      network,
      ours: { folded: ours('folded'), kept: ours('kept'), dynamo: ours('dynamo') },
      rival: of('rival'),
      stale: ([...FORMS, 'rival'] as const).some((part) => input.find(network, part)?.stale),
    };
  });
  const sections = [
    introduction(input, rows),
    totals(rows),
    '## Networks',
    LEGEND,
    ...KINDS.flatMap(({ title, of }) => [`### ${title}`, table(rows.filter((row) => of(row.network)))]),
    '## What stays whole, and why',
    staysWhole(rows),
    '## What is refused',
    refusals(rows),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** A share in per cent, with one digit where it is small. */
export function share(after: number, before: number): string {
  const percent = (100 * after) / before;
  return `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

const KINDS: readonly { readonly title: string; readonly of: (network: Network) => boolean }[] = [
  { title: 'Convolutional', of: ({ transformer }) => !transformer },
  { title: 'Transformers', of: ({ transformer }) => transformer },
];

const LEGEND = `Parameters and MACs are for one image of the size given (the smallest that the network takes and ONNX can express), and what is left of them. Layers: those of which something can be removed, of all with filters;
the last one of a classifier never can. Difference: between surgery and masking, the larger of that with the file's weights and that with He-initialised ones, over the largest output. **Folded**: batch normalisation folded into
convolutions, opset 17, any batch size. **Kept**: batch normalisation as nodes, nothing folded, opset 13, a batch of one baked in. **Dynamo**: by the exporter of PyTorch 2, its defaults, any batch size. The last two columns are Torch-Pruning's, by its own count; – where its counter does not read the network.`;

function introduction({ machine, software, rival, newer }: ReportInput, rows: readonly Row[]): string {
  const stale = rows.filter((row) => row.stale).length;
  return `# Coverage
Written by \`make zoo\`; not by hand. Every classification network of torchvision, random weights, batch normalisation with random statistics, exported to ONNX in three forms. Half of every layer's channel classes is removed at random. A network
counts as pruned when surgery equals masking through all gates of the [proof](method.md), and the file costs what the plan said.

Beside it ${rival.package.replace('==', ' ')} (${rival.missing ?? 'its README: BasePruner, GroupMagnitudeImportance, ratio 0.5'}) on the same networks in PyTorch. It counts as pruned when its network runs and gives an output of the right
shape; what it computes is not compared with anything.

Run on ${machine}; ${software}; for the third form ${newer.missing ?? newer.packages.join(', ').replaceAll('==', ' ')}.${
    stale === 0
      ? ''
      : ` What is said of ${stale} networks was measured, in part at least, with an earlier version of the code.`
  }`;
}

function totals(rows: readonly Row[]): string {
  const lines = KINDS.map(({ title, of }) => {
    const own = rows.filter((row) => of(row.network));
    const tried = (pick: (row: Row) => Ours | Rival | undefined) => own.filter((row) => pick(row) !== undefined).length;
    const proved = FORMS.map((form) => {
      const count = own.filter((row) => isProved(row.ours[form])).length;
      return `${count} of ${tried((row) => row.ours[form])}`;
    });
    const rival = own.filter((row) => row.rival?.kind === 'pruned').length;
    const cells = [
      title,
      `${own.length}`,
      ...proved,
      `${rival} of ${tried((row) => row.rival)}`,
      median(own.flatMap((row) => ratio(row.ours.folded))),
      median(own.flatMap((row) => ratio(row.rival))),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| | networks | pruned and proved, folded | kept | dynamo | Torch-Pruning: pruned, runs | MACs left, median | Torch-Pruning |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
    ...lines,
  ].join('\n');
}

function table(rows: readonly Row[]): string {
  const head = [
    '| network | px | parameters | left | MACs | left | layers | difference | kept: MACs left | difference | dynamo: MACs left | difference | T-P: parameters | MACs |',
    `|---|${'---:|'.repeat(13)}`,
  ];
  return [...head, ...rows.map(rowLine)].join('\n');
}

function rowLine({ network, ours: { folded, kept, dynamo }, rival }: Row): string {
  const ours =
    folded?.kind === 'pruned'
      ? [
          `${folded.size}`,
          count(folded.before.parameters),
          share(folded.after.parameters, folded.before.parameters),
          count(folded.before.macs),
          share(folded.after.macs, folded.before.macs),
          `${folded.prunable}/${folded.layers}`,
          difference(folded),
        ]
      : ['', count(network.parameters), '', '', '', '', folded ? 'refused' : 'not run'];
  const others = [kept, dynamo].flatMap((outcome) =>
    outcome?.kind === 'pruned'
      ? [share(outcome.after.macs, outcome.before.macs), difference(outcome)]
      : ['', outcome ? 'refused' : 'not run'],
  );
  const theirs =
    rival?.kind === 'pruned'
      ? [
          share(rival.after.parameters, rival.before.parameters),
          rival.after.macs === null ? '–' : share(rival.after.macs, rival.before.macs!),
        ]
      : [rival ? 'fails' : 'not run', ''];
  return `| ${[network.name, ...ours, ...others, ...theirs].join(' | ')} |`;
}

function difference(outcome: Extract<Ours, { kind: 'pruned' }>): string {
  const text = Math.max(outcome.difference, outcome.heDifference).toExponential(1);
  return outcome.proved ? text : `**not proved** (${text})`;
}

/** Layers that stay, other than the one that gives the output. */
function staysWhole(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ network, ours }) => {
    const pruned = FORMS.map((form) => ours[form]).find((outcome) => outcome?.kind === 'pruned');
    if (!pruned) return [];
    const frozen = pruned.frozen.filter(({ op }) => op !== 'graph output');
    if (frozen.length === 0) return [];
    const total = frozen.reduce((sum, { layers }) => sum + layers, 0);
    const { op, layers, example } = frozen[0]!;
    const others = frozen.slice(1).map((other) => `${other.op} ${other.layers}`);
    return [`| ${network.name} | ${total} | ${[`${op} ${layers}`, ...others].join(', ')} | ${cell(example)} |`];
  });
  if (lines.length === 0) return 'Nothing but the layer that gives the output.';
  return ['| network | layers | by operator in the way | for instance |', '|---|---:|---|---|', ...lines].join('\n');
}

function refusals(rows: readonly Row[]): string {
  const line = (network: Network, by: string, reason: string) => `| ${network.name} | ${by} | ${cell(reason)} |`;
  const lines = rows.flatMap(({ network, ours, rival }) => [
    ...Object.entries(ours).flatMap(([form, outcome]) => {
      if (outcome?.kind === 'refused') return [line(network, `Kneepoint, ${form}`, outcome.reason)];
      if (outcome && !outcome.proved) return [line(network, `Kneepoint, ${form}`, outcome.failed.join('; '))];
      return [];
    }),
    ...(rival?.kind === 'refused' ? [line(network, 'Torch-Pruning', rival.reason)] : []),
  ]);
  if (lines.length === 0) return 'Nothing.';
  return ['| network | by | reason |', '|---|---|---|', ...lines].join('\n');
}

function isProved(outcome: Ours | undefined): boolean {
  return outcome?.kind === 'pruned' && outcome.proved && outcome.after.parameters < outcome.before.parameters;
}

function ratio(outcome: Ours | Rival | undefined): number[] {
  if (outcome?.kind !== 'pruned' || outcome.after.macs === null || outcome.before.macs === null) return [];
  return [outcome.after.macs / outcome.before.macs];
}

function median(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const sorted = values.toSorted((a, b) => a - b);
  return share(sorted[Math.floor(sorted.length / 2)]!, 1);
}

function count(value: number): string {
  return value >= 1e9 ? `${(value / 1e9).toFixed(2)} G` : `${(value / 1e6).toFixed(2)} M`;
}

/** The first sentence: what follows in an exporter's message is where to complain. */
function cell(text: string): string {
  return text.split('. ')[0]!.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
