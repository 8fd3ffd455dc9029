/** What an engine made of one side of a pair. */
export interface Found {
  readonly engine: string;
  readonly network: string;
  readonly side: 'original' | 'pruned';
  /** From what ONNX Runtime answers, of the largest answer. */
  readonly difference?: number;
  readonly fault?: string;
}

const LARGEST = 1e-3;
const NAMES: Readonly<Record<string, string>> = {
  openvino: 'OpenVINO',
  opencv: 'OpenCV DNN',
  ncnn: 'ncnn by pnnx',
  tract: 'tract',
};

export interface Measured {
  readonly networks: readonly string[];
  readonly machine: string;
  readonly packages: readonly string[];
}

/** docs/engines.md, and a line for each network of which an engine runs the original and not what was left of it. */
export function report(
  found: readonly Found[],
  { networks, machine, packages }: Measured,
): { text: string; ours: string[] } {
  const engines = Object.keys(NAMES);
  const of = (engine: string, network: string, side: Found['side']) =>
    found.find((each) => each.engine === engine && each.network === network && each.side === side);
  const rows = networks.map((network) => {
    const cells = engines.map(
      (engine) => `${cell(of(engine, network, 'original'))} → ${cell(of(engine, network, 'pruned'))}`,
    );
    return `| ${network} | ${cells.join(' | ')} |`;
  });
  const ours = networks.flatMap((network) =>
    engines.flatMap((engine) => {
      const [before, after] = [of(engine, network, 'original'), of(engine, network, 'pruned')];
      return isRight(before) && !isRight(after)
        ? [`${NAMES[engine]} runs ${network} and not what was left of it: ${cell(after)}`]
        : [];
    }),
  );
  const faults = found.flatMap((each) =>
    isRight(each)
      ? []
      : [
          `- ${NAMES[each.engine]}, ${each.network}, ${each.side}: ${each.fault ?? `off by ${each.difference!.toExponential(1)}`}`,
        ],
  );
  const text = `# Engines
Written by \`make engines\`; not by hand. Small networks, two fifths of their channel classes removed at random so that odd counts are left, one image at a time. Each cell has the original and what was left of it: how far the engine is
from ONNX Runtime's answer to the same file, of the largest answer. Right is within ${LARGEST.toExponential(0)}. ONNX Runtime for browsers (WebAssembly) is held to the same by \`make test\`.

Run on ${machine}: ${packages.join(', ')}.

| network | ${engines.map((engine) => NAMES[engine]).join(' | ')} |
|---|${'---|'.repeat(engines.length)}
${rows.join('\n')}

## What is not right
${faults.length > 0 ? faults.join('\n') : 'Nothing.'}

## What surgery writes for their sake
A channel shuffle (Reshape, Transpose, Reshape) stays one where what is left of the channels is one still; between convolutions of as many groups it is, as channels of the same rank in theirs are tied. Else the weights of what reads it move along and nothing is written; else channels are dealt out in runs, by a Split and a
Concat. No Gather is written: in front of a convolution OpenVINO 2025.4 to 2026.4 takes one along axis 1 for its inverse, and ncnn converted by pnnx 20261020 answers in another shape.
`;
  return { text, ours };
}

function isRight(found: Found | undefined): boolean {
  return found?.difference !== undefined && found.difference <= LARGEST;
}

function cell(found: Found | undefined): string {
  if (!found) return 'not run';
  return found.difference === undefined ? 'fails' : found.difference.toExponential(0);
}
