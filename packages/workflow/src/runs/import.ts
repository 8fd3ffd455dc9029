import { randomUUID } from 'node:crypto';
import { contentKey, type StepPlan } from '@kneepoint/platform';
import { IMPORT_DATASET, type ImportDatasetInput } from '../steps/import-dataset.ts';
import { IMPORT_MODEL, type ImportModelInput } from '../steps/import-model.ts';
import type { StepKind } from '../steps/step-kind.ts';

/** Imports read what the content is, so their key cannot name it: each is unique and runs. */
export function planImportModel(input: ImportModelInput): readonly StepPlan[] {
  return [unique(IMPORT_MODEL, `import model ${input.name}`, input)];
}

export function planImportDataset(input: ImportDatasetInput): readonly StepPlan[] {
  return [unique(IMPORT_DATASET, `import data set ${input.name}`, input)];
}

function unique(step: StepKind, name: string, input: ImportModelInput | ImportDatasetInput): StepPlan {
  const { kind, service, version, timeoutSeconds } = step;
  const key = contentKey(kind, version, { unique: randomUUID() });
  return { ref: kind, kind, service, timeoutSeconds, name, key, input, dependsOn: [] };
}
