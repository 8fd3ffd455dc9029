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

/** What folders of parts are called beside their word: `training_set`, `train_images`. */
const FILLERS: ReadonlySet<string> = new Set(
  'set data dataset images image imgs img pictures photos files split'.split(' '),
);

/** The part in a folder's name (`seg_train`, `training_set`, `testset`, `train2017`) and what else the name holds. */
function readFolderName(name: string): { readonly part: Part; readonly rest: string } | undefined {
  const exact = partOf(name);
  if (exact !== undefined) return { part: exact, rest: '' };
  const words = name.toLowerCase().match(/[a-z]+|[^a-z _.-]+/g) ?? [];
  const found = words.map((word) => partOf(word) ?? partOf(word.replace(/(set|data|images|imgs)$/, '')));
  const at = found.findIndex((part) => part !== undefined);
  const part = found[at];
  // Two parts in one name say neither.
  if (part === undefined || found.some((other, i) => i !== at && other !== undefined)) return undefined;
  return { part, rest: words.filter((word, i) => i !== at && !FILLERS.has(word) && !/^\d+$/.test(word)).join(' ') };
}

/** The part that a folder is of, which `partFolders` took for one. */
export function partOfFolder(name: string): Part | undefined {
  return readFolderName(name)?.part;
}

/**
 * Those of sibling folders that are parts of a split: called so, but for words such as "set" and "images", or so with words that
 * another part shares (`seg_train`, `seg_test`). A `steam_train` among other folders is none.
 */
export function partFolders(names: readonly string[]): string[] {
  const read = names.map((name) => ({ name, found: readFolderName(name) }));
  const shared = (rest: string): number =>
    new Set(read.flatMap(({ found }) => (found?.rest === rest ? [found.part] : []))).size;
  return read.flatMap(({ name, found }) =>
    found !== undefined && (found.rest === '' || shared(found.rest) > 1) ? [name] : [],
  );
}

/** "train/ taken as training, val/ as validation": the folders that are parts of the split. */
export function describeParts(folders: readonly string[]): string {
  const names = { train: 'training', validation: 'validation', test: 'test' } as const;
  return folders
    .map((folder) => [folder, partOfFolder(folder)] as const)
    .flatMap(([folder, part]) => (part === undefined ? [] : `${folder}/ taken as ${names[part]}`))
    .join(', ');
}
