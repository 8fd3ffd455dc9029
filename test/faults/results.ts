import { createHash } from 'node:crypto';
import { decodeModel, encodeModel } from '@kneepoint/onnx';
import type { ArtifactStore, Database } from '@kneepoint/platform';
import { REPORT } from '@kneepoint/workflow';

/** A result as two runs of the same work must agree on it: without what a clock measured. */
export interface ComparedResult {
  readonly key: string;
  readonly kind: string;
  readonly output: unknown;
  /** What each artifact holds, sorted: its sha256, or for what has times or the run in it, that of the rest. */
  readonly artifacts: readonly string[];
}

/** Members whose values a clock gave, wherever they stand in an output or a report. */
const MEASURED = new Set(['latencyMs', 'layerTimes', 'seconds', 'imagesPerSecond', 'reportSha256', 'measured']);
/** A warning that compares times. */
const TIMED_WARNING = /latency/;

/** Every result in the database; reads each artifact, so that one which is missing or damaged fails here. */
export async function comparedResults(db: Database, store: ArtifactStore): Promise<readonly ComparedResult[]> {
  const rows = await db.prisma.result.findMany({ orderBy: { key: 'asc' } });
  return Promise.all(
    rows.map(async ({ key, kind, output, artifacts }) => {
      const { reportSha256: report, ...rest } = output as { reportSha256?: string; modelSha256?: string };
      // What a compression delivers names the run.
      const { modelSha256, ...common } = rest;
      const delivered = kind === REPORT.kind ? modelSha256 : undefined;
      const contents = artifacts.map(async (sha256) => {
        const bytes = await store.read(sha256);
        if (sha256 === delivered) return `network ${withoutRun(bytes)}`;
        return sha256 === report ? `report ${digest(lasting(JSON.parse(Buffer.from(bytes).toString())))}` : sha256;
      });
      return {
        key,
        kind,
        output: lasting(delivered === undefined ? rest : common),
        artifacts: (await Promise.all(contents)).sort(),
      };
    }),
  );
}

function withoutRun(bytes: Uint8Array): string {
  const model = decodeModel(bytes);
  model.metadataProps = model.metadataProps.filter(({ key }) => key !== 'kneepoint.run');
  return createHash('sha256').update(encodeModel(model)).digest('hex');
}

function lasting(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => typeof item !== 'string' || !TIMED_WARNING.test(item)).map(lasting);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !MEASURED.has(name))
      .map(([name, member]) => [name, lasting(member)]),
  );
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
