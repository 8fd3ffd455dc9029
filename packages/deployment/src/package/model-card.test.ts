import type { Report, ReportResult } from '@kneepoint/workflow';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DeploymentConfig } from './config.ts';
import { modelCard } from './model-card.ts';
import { labelsFile } from './test-images.ts';

const FIGURES = { parameters: 10, macs: 100, bytes: 50, latencyMs: { p50: 1, p95: 2 } };
const JUDGED = { task: 'hat', metric: 0.9, interval: { low: 0.8, high: 1, standardError: 0.05, drawn: 'image' } };
const RESULT = {
  verdict: 'Smaller; accuracy 90 % of <b>all</b> `hats`.',
  ...{ before: FIGURES, after: FIGURES, warnings: [], delivered: { arm: 'finetuned' } },
  ...{ tasks: [{ images: 3 }], original: { tasks: [JUDGED] } },
  arms: [{ arm: 'finetuned', tasks: [JUDGED] }],
  measured: { provider: 'cpu', machine: { cpu: 'a processor' } },
} as unknown as ReportResult;

function card({
  input = 'image',
  command = 'kneepoint compress',
  model = 'resnet50',
  dataset = 'faces',
  answers = 'raw',
} = {}): string {
  const report = {
    model: { name: model, author: null, sha256: 'a'.repeat(64), license: null },
    dataset: { name: dataset, images: 9, sha256: 'b'.repeat(64) },
    split: { test: 4, by: 'image', given: null, seed: 0 },
    ...{ command, createdAt: '2026-01-01T00:00:00Z', kneepoint: '1.0.0', links: { graphql: null } },
    run: { id: 'run', createdBy: null },
  } as unknown as Report;
  const config = {
    ...{ name: 'small', answers, input: { name: input, type: 'float32', layout: 'NCHW', dims: [1, 3, 8, 8] } },
    tasks: [{ name: 'hat', type: 'binary', metric: 'accuracy', classes: ['no', 'yes'], unit: null }],
  } as unknown as DeploymentConfig;
  return modelCard({ report, result: RESULT, config, testImages: 0, bytes: 61 });
}

describe('a model card', () => {
  it('names a repository of the Hub only where the name says whose it is', () => {
    const front = (text: string) => parse(text.split('---\n')[1]!) as Record<string, unknown>;
    expect(front(card())).not.toHaveProperty('base_model');
    expect(front(card())).not.toHaveProperty('datasets');
    const named = front(card({ model: 'timm/resnet50', dataset: 'someone/faces' }));
    expect(named).toMatchObject({ base_model: 'timm/resnet50', datasets: ['someone/faces'] });
  });

  it('counts the bytes of the file that lies beside it, says what was measured without it, and on how many images', () => {
    const [raw, answering] = [card(), card({ answers: 'labels' })];
    for (const text of [raw, answering]) expect(text).toContain('| bytes | 50 | 61 |');
    expect(raw).toContain('name: accuracy on 3 test images');
    expect(raw).toContain('| hat | 3 | accuracy | 90.0 % |');
    const without = 'which gives raw scores; what makes labels of them was put behind it.';
    expect(answering).toContain(without);
    expect(raw).not.toContain('was put behind it');
  });

  it('shows what others have named as text and code, never as Markdown or HTML', () => {
    const text = card({ input: 'in`<i>x</i>`\n# Also', command: 'compress --layer "a\n```\n# Also"' });
    expect(text).toContain('Input ``in`<i>x</i>` # Also``: ');
    expect(text).toContain('````sh\ncompress --layer "a\n```\n# Also"\n````');
    expect(text).toContain('90 % of \\<b\\>all\\</b\\> \\`hats\\`');
  });
});

it('labels never take the place of the file that they are of', () => {
  const image = { file: 'images/000.png', name: 'x.png', bytes: Buffer.alloc(1), labels: [Float64Array.of(1)] };
  const task = { type: 'binary', classes: ['no', 'yes'] } as const;
  const spec = { name: 'hat', type: 'binary', targets: ['hat'] } as const;
  const lines = (column: string) => labelsFile([image], [{ ...task, columns: [column] } as never], [spec]);
  expect(JSON.parse(lines('hat'))).toEqual({ image: 'images/000.png', name: 'x.png', hat: 'yes' });
  for (const column of ['image', 'name'])
    expect(() => lines(column)).toThrow(expect.objectContaining({ code: 'DEPLOYMENT_MISMATCH' }) as Error);
});
