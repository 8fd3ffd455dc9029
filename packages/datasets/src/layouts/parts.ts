import type { Part } from '../table/table.ts';

/** What publishers call the parts of their split. */
const WORDS: ReadonlyMap<string, Part> = new Map([
  ...['train', 'training', 'trn', 'tr'].map((word) => [word, 'train'] as const),
  ...['val', 'valid', 'validation', 'dev', 'publictest'].map((word) => [word, 'validation'] as const),
  ...['test', 'testing', 'tst', 'privatetest'].map((word) => [word, 'test'] as const),
]);

/** The part that a word names ("Training", "val", "PrivateTest"), whatever its case; undefined when it names none. */
export function partOf(word: string): Part | undefined {
  return WORDS.get(word.trim().toLowerCase().replace(/[ _-]/g, ''));
}

/** "train/ taken as training, val/ as validation": the folders that are parts of the split. */
export function describeParts(folders: readonly string[]): string {
  const names = { train: 'training', validation: 'validation', test: 'test' } as const;
  return folders
    .map((folder) => [folder, partOf(folder)] as const)
    .flatMap(([folder, part]) => (part === undefined ? [] : `${folder}/ taken as ${names[part]}`))
    .join(', ');
}
