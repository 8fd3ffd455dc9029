import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRanges, type RemoteDataset } from '@kneepoint/datasets';
import { buildPackage, type DeploymentConfig, zipFolder } from '@kneepoint/deployment';
import { Failure } from '@kneepoint/failures';
import { type ArtifactStore, type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import type { PackageInput, PackageOutput, Report } from '@kneepoint/workflow';

/** Lays a network and all that it is deployed with into a zip archive. */
export function packageNetwork({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (scratch) => {
      const { reportSha256, label, answers, testImages } = input as PackageInput;
      const report = JSON.parse(Buffer.from(await store.read(reportSha256)).toString()) as Report;
      const result = report.results.find((one) => one.label === label);
      if (!result) throw new Failure('INTERNAL', `report ${reportSha256} has no result "${label}"`);
      const folder = join(scratch, 'package');
      await mkdir(folder);
      await store.fetch(result.delivered.sha256, join(folder, 'model.onnx'));
      progress({ done: 0, total: 2, unit: 'stages', message: 'laying out files, running test images' });
      const { memoryMb } = config;
      const files = await buildPackage({
        ...{ report, result, answers, folder, testImages, memoryMb, signal },
        ...(testImages === 0 ? {} : { dataset: await openDataset(store, report.dataset.sha256) }),
      });
      progress({ done: 1, total: 2, unit: 'stages', message: 'writing the archive' });
      const { name } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as DeploymentConfig;
      const out = join(scratch, 'package.zip');
      await zipFolder({ folder, files, name, at: new Date(report.createdAt), out, signal });
      const { sha256 } = await store.put(out, { mediaType: 'application/zip' });
      return { output: { packageSha256: sha256, name } satisfies PackageOutput };
    });
}

/** Its index, and images as they are asked for. Throws DEPLOYMENT_MISMATCH where it is not in the store any more. */
async function openDataset(store: ArtifactStore, sha256: string): Promise<RemoteDataset> {
  if (!(await store.has(sha256))) {
    throw new Failure('DEPLOYMENT_MISMATCH', 'the data set of the run is not in the store any more', {
      where: sha256,
      fix: 'Leave test images out: testImages 0.',
    });
  }
  return openRanges(async (from, to) => Buffer.from(await store.readRange(sha256, { start: from, end: to - 1 })));
}
