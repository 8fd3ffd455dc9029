import { imagefolder } from './imagefolder.ts';
import { labels } from './labels.ts';
import type { Layout } from './layout.ts';

/** Every layout that is recognised. A new importer is a file and a line here. */
export const LAYOUTS: readonly Layout[] = [labels, imagefolder];
