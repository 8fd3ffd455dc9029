import { cloudEventType, type Database, type Event, type RunFacts } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { REPORT, type ReportInput, type ReportOutput, resultOf } from '@kneepoint/workflow';
import { globalId } from './ids.ts';

/** A CloudEvent 1.0 in its JSON form; docs/webhooks.md says what is in `data`. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Extension: name of the project. */
  readonly project: string;
  /** Extension: orders events, also those that come twice. */
  readonly sequence: string;
  readonly data: object;
}

interface ImportFacts {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly images?: number;
  readonly createdBy: string | null;
}

/** As many digits as the largest position has, so that texts have the order of the numbers. */
const SEQUENCE_DIGITS = 19;

/** Where the gateways of a project are reached. */
export interface Addresses {
  /** Where users reach them, the same for all; null where the operator named none. */
  readonly publicUrl: string | null;
  /** Where this one is. */
  readonly url: string;
}

/**
 * Makes CloudEvents of events. Whichever gateway sends an event, and sends it again, names the same source: the identity of a CloudEvent is its
 * source with its id.
 */
export function composeWith(db: Database, { publicUrl, url }: Addresses): (event: Event) => Promise<CloudEvent> {
  return async (event) => {
    const project = await db.prisma.project.findUnique({ where: { id: event.projectId } });
    const run = event.runId === null ? undefined : globalId('Run', event.runId);
    return {
      specversion: '1.0',
      id: event.id,
      source: publicUrl ?? `urn:kneepoint:${event.projectId}`,
      type: cloudEventType(event.type),
      ...(run === undefined ? {} : { subject: run }),
      time: event.createdAt.toISOString(),
      datacontenttype: 'application/json',
      project: project?.name ?? event.projectId,
      sequence: String(event.position).padStart(SEQUENCE_DIGITS, '0'),
      data: await dataOf(db.forProject(event.projectId), event, run ?? null, publicUrl ?? url),
    };
  };
}

async function dataOf(db: Database, event: Event, run: string | null, base: string): Promise<object> {
  const links = { graphql: `${base}/graphql` };
  switch (event.type) {
    case 'webhook.ping':
      return { ...(event.facts as object), links };
    case 'model.registered':
    case 'dataset.registered': {
      const { id, ...facts } = event.facts as unknown as ImportFacts;
      const type = event.type === 'model.registered' ? 'Model' : 'Dataset';
      return { id: globalId(type, id), ...facts, run, links };
    }
    default: {
      const { modelId, datasetId, failure, ...facts } = event.facts as unknown as RunFacts;
      return {
        run: {
          id: run,
          ...facts,
          model: modelId && globalId('Model', modelId),
          dataset: datasetId && globalId('Dataset', datasetId),
        },
        failure,
        results: event.type === 'run.succeeded' ? await resultsOf(db, event.runId!, datasetId) : [],
        links,
      };
    }
  }
}

/** What a run's reports say, one for each network that it delivered. */
async function resultsOf(db: Database, runId: string, datasetId: string | null): Promise<object[]> {
  const steps = await db.prisma.step.findMany({
    where: { runId, kind: REPORT.kind, state: 'SUCCEEDED' },
    orderBy: { position: 'asc' },
    select: { input: true, output: true },
  });
  if (steps.length === 0 || datasetId === null) return [];
  const dataset = await db.prisma.dataset.findUnique({ where: { id: datasetId }, select: { tasks: true } });
  const tasks = (dataset?.tasks ?? []) as unknown as readonly TaskSpec[];
  return steps.map(({ input, output }) => {
    const { label } = input as unknown as ReportInput;
    const { modelSha256, report } = output as unknown as ReportOutput;
    return { label, modelSha256, verdict: verdictOf(label, report, modelSha256, tasks) };
  });
}

/** Null where a report was written by another version, which measured other things. */
function verdictOf(
  label: string,
  measured: ReportOutput['report'],
  sha256: string,
  tasks: readonly TaskSpec[],
): string | null {
  try {
    return resultOf({ label, measured, sha256, bytes: 0 }, tasks).verdict;
  } catch {
    return null;
  }
}
