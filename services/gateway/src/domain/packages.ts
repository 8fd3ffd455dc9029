import { Failure } from '@kneepoint/failures';
import { type PackageOutput, planPackage } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Artifact } from '../schema/artifact.ts';
import type { LaunchPackageInput } from '../schema/package.ts';
import type { Run } from '../schema/run.ts';
import { artifactOf } from './artifacts.ts';
import { isAbsent } from './absent.ts';
import { launch } from './launch.ts';
import { reportOfRun } from './reports.ts';
import { requireRun, toRun } from './runs.ts';

/** Images of the test part that go along. */
const TEST_IMAGES = 10;
const MOST_TEST_IMAGES = 100;

/** Throws RUN_UNKNOWN, DEPLOYMENT_NOTHING, PLAN_OPTION_INVALID, ANSWERS_NOT_LOGITS. */
export async function launchPackage(context: Context, input: LaunchPackageInput): Promise<Run> {
  const maker = toRun(await requireRun(context, input.of, 'of'));
  const testImages = isAbsent(input.testImages) ? TEST_IMAGES : input.testImages;
  if (testImages < 0 || testImages > MOST_TEST_IMAGES) {
    throw new Failure('PLAN_OPTION_INVALID', `testImages is ${testImages}`, {
      where: 'testImages',
      fix: `Pass 0 to ${MOST_TEST_IMAGES}: they are to try the network with.`,
    });
  }
  const report = await reportOfRun(context, maker);
  if (report === null) {
    throw new Failure('DEPLOYMENT_NOTHING', 'the run has no report', {
      where: 'of',
      fix: 'Pass the id of a PRUNE or COMPRESSION run that has SUCCEEDED.',
    });
  }
  const result = choose(report.results, input.label);
  const answers = isAbsent(input.answers) ? 'raw' : input.answers;
  if (answers === 'probabilities' && result.delivered.scores !== 'logits') {
    throw new Failure('ANSWERS_NOT_LOGITS', 'the head of a network that is not trained is fitted by least squares', {
      where: 'answers',
      fix: 'Ask for LABELS or RAW, or let the network be trained: FINETUNED among the arms of a compression.',
    });
  }
  const steps = planPackage({ reportSha256: report.file.sha256, label: result.label, answers, testImages });
  const { modelId, datasetId, tasks } = maker;
  const about = {
    ...{ tasks },
    ...(modelId === null ? {} : { modelId }),
    ...(datasetId === null ? {} : { datasetId }),
  };
  return launch(context, { kind: 'PACKAGE', input, ...about, steps });
}

function choose<Result extends { readonly label: string }>(
  results: readonly Result[],
  wanted: string | null | undefined,
): Result {
  const [only, ...others] = results;
  const found = isAbsent(wanted) ? others.length === 0 && only : results.find(({ label }) => label === wanted);
  if (found) return found;
  const labels = results.map(({ label }) => label);
  const said = isAbsent(wanted) ? `the run has ${labels.length} results` : `no result is called "${wanted}"`;
  throw new Failure('DEPLOYMENT_NOTHING', said, { where: 'label', fix: `Choose one of: ${labels.join(', ')}.` });
}

/** The archive, named as the folder in it. */
export async function packageOf({ loaders }: Context, run: Run): Promise<Artifact | null> {
  if (run.kind !== 'PACKAGE') return null;
  const [done] = await loaders.packages.load(run.rowId);
  if (done === undefined) return null;
  const { packageSha256, name } = done.output as unknown as PackageOutput;
  return artifactOf(loaders, packageSha256, `${name}.zip`);
}
